package identities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// refusing is a provider that refuses to describe a user.
type refusing struct {
	ports.IdentityProvider
	err error
}

func (p refusing) User(context.Context, domain.Secret) (ports.User, error) {
	return ports.User{}, p.err
}

func TestWhoAmIWithoutTheProvider(t *testing.T) {
	h := newInstallation()
	claim := h.unclaimed(t, "acme")
	if _, err := h.signUp(t, "ada@example.com", claim); err != nil {
		t.Fatal(err)
	}
	caller, _ := h.signedIn(t, "ada@example.com")
	for _, kind := range []domain.Kind{domain.Unavailable, domain.Limited} {
		h.Provider = refusing{h.users, &domain.Error{Kind: kind}}
		profile, err := h.WhoAmI(t.Context(), caller)
		if err != nil || profile.Identity != caller.Identity() || len(profile.Tenants) != 1 || !profile.Email.IsZero() {
			t.Errorf("%v: WhoAmI = %+v, %v", kind, profile, err)
		}
	}
	for _, want := range []error{domain.CodeInvalidToken, context.Canceled} {
		h.Provider = refusing{h.users, want}
		if _, err := h.WhoAmI(t.Context(), caller); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	h.db.Break()
	if _, err := h.WhoAmI(t.Context(), caller); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("without the registry: %v", err)
	}
}
