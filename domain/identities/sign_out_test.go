package identities_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

func TestSigningOut(t *testing.T) {
	h := newInstallation()
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	caller, first := h.signedIn(t, "ada@example.com")
	_, second := h.signedIn(t, "ada@example.com")
	if err := h.SignOut(t.Context(), limits.Address{}, caller, identities.SignOut{}); domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), "everywhere") {
		t.Errorf("signing out of nothing: %v", err)
	}
	if err := h.SignOut(t.Context(), limits.Address{}, caller, identities.SignOut{RefreshToken: first.Refresh}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, first.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a revoked session was refreshed: %v", err)
	}
	if _, err := h.users.Verify(t.Context(), first.Access); err != nil {
		t.Errorf("the access token died with its session: %v", err)
	}
	if err := h.SignOut(t.Context(), limits.Address{}, caller, identities.SignOut{Everywhere: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, second.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a session survived signing out everywhere: %v", err)
	}
}

func TestARefreshTokenIsEnoughToEndItsSession(t *testing.T) {
	h := newInstallation()
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	_, first := h.signedIn(t, "ada@example.com")
	_, second := h.signedIn(t, "ada@example.com")
	for _, refresh := range []domain.Secret{first.Refresh, first.Refresh, domain.NewSecret("unknown")} {
		if err := h.SignOut(t.Context(), limits.Address{}, ports.Caller{}, identities.SignOut{RefreshToken: refresh}); err != nil {
			t.Errorf("got %v", err)
		}
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, first.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a revoked session was refreshed: %v", err)
	}
	err := h.SignOut(t.Context(), limits.Address{}, ports.Caller{}, identities.SignOut{RefreshToken: second.Refresh, Everywhere: true})
	if domain.KindOf(err) != domain.Unauthenticated {
		t.Errorf("everywhere, without a caller: %v", err)
	}
	if _, err := h.Refresh(t.Context(), limits.Address{}, second.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("the session of the given token has not ended: %v", err)
	}
}

func TestRevokingIsLimitedForCallersWhoAreNotSignedIn(t *testing.T) {
	h, _ := limitedInstallation()
	h.join(t, ada)
	caller := domain.Must(h.users.Caller(ada))
	unknown := identities.SignOut{RefreshToken: domain.NewSecret("unknown")}
	for i := range identities.RequestsPerAddress {
		if err := h.SignOut(t.Context(), at("192.0.2.1"), ports.Caller{}, unknown); err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
	}
	if err := h.SignOut(t.Context(), at("192.0.2.1"), ports.Caller{}, unknown); !isLimited(err) {
		t.Errorf("one more: %v", err)
	}
	if err := h.SignOut(t.Context(), at("192.0.2.1"), caller, unknown); err != nil {
		t.Errorf("a signed-in caller: %v", err)
	}
}
