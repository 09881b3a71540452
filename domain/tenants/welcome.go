package tenants

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// welcome sends a new owner a mail if their address is confirmed.
func (s *Service) welcome(to domain.Email, tenant domain.Tenant) {
	if to.IsZero() {
		return
	}
	s.later(func(ctx context.Context) error {
		if err := s.Mail.Notify(ctx, ports.TenantWelcome{To: to, Tenant: tenant.ID}); err != nil {
			return fmt.Errorf("welcome the new owner of %s: %w", tenant.ID, err)
		}
		return nil
	})
}
