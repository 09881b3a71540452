package tenants

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// welcomeCaller tells a signed-in owner that the tenant is theirs, at their
// verified address if the provider knows one. It knows nothing of somebody whose
// token isn't at hand.
func (s *Service) welcomeCaller(owner ports.Caller, tenant domain.Tenant) {
	if owner.Token.IsZero() {
		return
	}
	s.later(func(ctx context.Context) error {
		user, err := s.Identities.User(ctx, owner.Token)
		if err != nil {
			return fmt.Errorf("look up the new owner of %s: %w", tenant.ID, err)
		}
		if !user.EmailVerified || user.Email.IsZero() {
			return nil
		}
		return s.sendWelcome(ctx, user.Email, tenant)
	})
}

func (s *Service) welcome(email domain.Email, tenant domain.Tenant) {
	s.later(func(ctx context.Context) error { return s.sendWelcome(ctx, email, tenant) })
}

// sendWelcome names the tenant by its ID alone: its display name is whatever a
// stranger typed, and would make the mail theirs.
func (s *Service) sendWelcome(ctx context.Context, to domain.Email, tenant domain.Tenant) error {
	err := s.Mail.Send(ctx, ports.Mail{
		To:      to,
		Subject: fmt.Sprintf("The tenant %s is yours", tenant.ID),
		Text:    fmt.Sprintf("You are now the owner of the tenant %s.\n\nIf you don't know why, you may ignore this mail.\n", tenant.ID),
	})
	if err != nil {
		return fmt.Errorf("tell the new owner of %s: %w", tenant.ID, err)
	}
	return nil
}
