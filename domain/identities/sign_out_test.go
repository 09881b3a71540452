package identities_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
)

func TestSigningOut(t *testing.T) {
	h := newHouse()
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	caller, first := h.signedIn(t, "ada@example.com")
	_, second := h.signedIn(t, "ada@example.com")
	if err := h.SignOut(t.Context(), caller, identities.SignOut{}); domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), "everywhere") {
		t.Errorf("signing out of nothing: %v", err)
	}
	if err := h.SignOut(t.Context(), caller, identities.SignOut{RefreshToken: first.Refresh}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, first.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a revoked session was refreshed: %v", err)
	}
	if _, err := h.people.Verify(t.Context(), first.Access); err != nil {
		t.Errorf("the access token died with its session: %v", err)
	}
	if err := h.SignOut(t.Context(), caller, identities.SignOut{Everywhere: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, second.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a session survived signing out everywhere: %v", err)
	}
}
