package tenants

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// welcome sends a new owner a mail if their address is confirmed. The subject is
// fixed, and the text names the tenant by its ID alone, because a stranger may have
// typed the display name, and would write part of the mail.
func (s *Service) welcome(to domain.Email, tenant domain.Tenant) {
	if to.IsZero() {
		return
	}
	s.later(func(ctx context.Context) error {
		err := s.Mail.Send(ctx, ports.Mail{
			To:      to,
			Subject: "Your tenant is ready",
			Text:    fmt.Sprintf("You are now the owner of the tenant %s.\n\nIf you did not ask for it, you may ignore this mail.\n", tenant.ID),
		})
		if err != nil {
			return fmt.Errorf("welcome the new owner of %s: %w", tenant.ID, err)
		}
		return nil
	})
}
