package identities

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
)

// ForgotPassword sends a code for [Service.ResetPassword] if the address has an
// account that confirmed it. The caller cannot find out whether it has.
func (s *Service) ForgotPassword(ctx context.Context, from limits.Address, email domain.Email) error {
	if err := email.Require(); err != nil {
		return err
	}
	attempt, err := s.Limits.mail(toForgetPassword, from, email)
	if err != nil {
		return err
	}
	return attempt.mailed(s.Provider.ForgotPassword(ctx, email))
}

// ResetPassword sets a new password with the code that was sent. A code that is
// wrong, spent or expired, or for an unknown address, is [domain.CodeCodeInvalid];
// a weak password is [domain.CodePasswordPolicy] on field "newPassword".
func (s *Service) ResetPassword(ctx context.Context, from limits.Address, email domain.Email, code, password domain.Secret) error {
	if err := email.Require(); err != nil {
		return err
	}
	code, err := oneTimeCode(code)
	if err != nil {
		return err
	}
	if err := present("newPassword", password, domain.MaxPasswordLen); err != nil {
		return err
	}
	attempt, err := s.Limits.guess(toResetPassword, from, email)
	if err != nil {
		return err
	}
	return attempt.judged(s.Provider.ResetPassword(ctx, email, code, password))
}
