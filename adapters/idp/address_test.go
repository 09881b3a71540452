package idp_test

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// withoutAddresses is a store whose users have addresses that an earlier release
// accepted, and that are refused now.
type withoutAddresses struct{ ports.UserStore }

func (w withoutAddresses) UserBySubject(ctx context.Context, subject string) (ports.StoredUser, error) {
	user, err := w.UserStore.UserBySubject(ctx, subject)
	user.Email = domain.Email{}
	return user, err
}

func (w withoutAddresses) RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	user, err := w.UserStore.RotateSession(ctx, token, next, grace)
	user.Email = domain.Email{}
	return user, err
}

func TestAnAddressThatIsRefusedNowIsNotVerified(t *testing.T) {
	b := open(t, func(c *idp.Config) { c.Users = withoutAddresses{c.Users} })
	tokens := b.signIn(t, b.join(t, "ada@example.com"))
	user, err := b.provider.User(t.Context(), tokens.Access)
	mustDo(t, err)
	if user.Identity.IsZero() || !user.Email.IsZero() || user.EmailVerified {
		t.Errorf("got %+v", user)
	}
	refreshed, err := b.provider.Refresh(t.Context(), tokens.Refresh)
	mustDo(t, err)
	claims := claimsOf(t, b.keys, refreshed.ID)
	if claims["email_verified"] != false || claims["email"] != nil {
		t.Errorf("got %v", claims)
	}
}
