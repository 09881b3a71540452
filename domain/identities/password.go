package identities

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// ForgotPassword sends a code to an address that has an account.
func (s *Service) ForgotPassword(ctx context.Context, email domain.Email) error {
	return s.Provider.ForgotPassword(ctx, email)
}

// ResetPassword sets a new password with the code that was sent.
func (s *Service) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	if err := present("code", code, maxCodeLen); err != nil {
		return err
	}
	if err := present("newPassword", password, maxPasswordLen); err != nil {
		return err
	}
	return s.Provider.ResetPassword(ctx, email, code, password)
}
