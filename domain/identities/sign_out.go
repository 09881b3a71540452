package identities

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// SignOut selects the sessions to end.
type SignOut struct {
	RefreshToken domain.Secret // the session of this token
	Everywhere   bool          // all of the caller's
}

// SignOut ends sessions: their refresh tokens no longer return new tokens. An access
// token stays valid until it expires.
//
// A refresh token is enough to end its session, as in RFC 7009: caller may be the
// zero Caller. An unknown token is no error, so that the answer reveals nothing about
// it. Everywhere needs a caller: the zero Caller is [domain.Unauthenticated], and an
// access token that the provider does not accept is [domain.CodeInvalidToken]. The
// session of RefreshToken has ended even then.
func (s *Service) SignOut(ctx context.Context, from limits.Address, caller ports.Caller, which SignOut) error {
	if which.RefreshToken.IsZero() && !which.Everywhere {
		return domain.Invalidf("refreshToken", "give the refreshToken to revoke, or everywhere: true")
	}
	if !which.RefreshToken.IsZero() {
		if err := s.revoke(ctx, from, caller, which.RefreshToken); err != nil {
			return err
		}
	}
	if !which.Everywhere {
		return nil
	}
	if caller.IsZero() {
		return domain.Errorf(domain.Unauthenticated, "sign in to end the sessions everywhere")
	}
	return s.Provider.SignOutEverywhere(ctx, caller.Token())
}

func (s *Service) revoke(ctx context.Context, from limits.Address, caller ports.Caller, refresh domain.Secret) error {
	if err := present("refreshToken", refresh, domain.MaxTokenLen); err != nil {
		return err
	}
	if caller.IsZero() {
		if err := s.Limits.token(from); err != nil {
			return err
		}
	}
	return s.Provider.Revoke(ctx, refresh)
}
