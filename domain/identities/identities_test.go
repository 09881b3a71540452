package identities_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// installation has the use cases on memory.
type installation struct {
	*identities.Service
	db    *memory.DB
	users *idptest.Provider
}

func newInstallation() *installation {
	h := &installation{db: &memory.DB{}, users: idptest.New()}
	h.Service = &identities.Service{
		Provider:  h.users,
		Directory: h.db.Directory(),
		Tenants:   &tenants.Service{Provisioner: h.db.Tenants(), Prober: h.db.Tenants(), Reservations: h.db.Reservations(), Users: h.users},
	}
	return h
}

var password = idptest.Password.Reveal()

func (h *installation) unclaimed(t *testing.T, id string) domain.Secret {
	t.Helper()
	created, err := h.Tenants.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: domain.Must(domain.ParseTenantID(id))})
	if err != nil {
		t.Fatal(err)
	}
	return created.ClaimToken
}

func (h *installation) signUp(t *testing.T, email string, claim domain.Secret) (ports.CreatedUser, error) {
	t.Helper()
	return h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: address(email), Password: domain.NewSecret(password), ClaimToken: claim})
}

func (h *installation) signedIn(t *testing.T, email string) (ports.Caller, ports.Tokens) {
	t.Helper()
	signed, err := h.SignIn(t.Context(), limits.Address{}, address(email), domain.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	caller, err := h.users.Verify(t.Context(), signed.Tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	return caller, signed.Tokens
}

func address(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }

func TestMissingAndOversizedSecretsNameTheirField(t *testing.T) {
	h := newInstallation()
	email, good := address("ada@example.com"), domain.NewSecret(password)
	for _, value := range []string{"", strings.Repeat("x", 17<<10)} {
		bad := domain.NewSecret(value)
		_, signUp := h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: bad})
		_, signIn := h.SignIn(t.Context(), limits.Address{}, email, bad)
		_, refresh := h.Refresh(t.Context(), limits.Address{}, bad)
		_, session := h.RespondToChallenge(t.Context(), limits.Address{}, email, ports.ChallengeAnswer{Name: "SMS_MFA", Session: bad})
		_, response := h.RespondToChallenge(t.Context(), limits.Address{}, email, ports.ChallengeAnswer{Name: "SMS_MFA", Session: good, Responses: map[string]domain.Secret{"SMS_MFA_CODE": bad}})
		for _, c := range []struct {
			method string
			err    error
			field  string
		}{
			{"SignUp", signUp, "password"},
			{"VerifyEmail", h.VerifyEmail(t.Context(), limits.Address{}, email, bad), "code"},
			{"SignIn", signIn, "password"},
			{"RespondToChallenge", session, "session"},
			{"RespondToChallenge", response, "responses.SMS_MFA_CODE"},
			{"Refresh", refresh, "refreshToken"},
			{"SignOut", h.SignOut(t.Context(), limits.Address{}, ports.Caller{}, identities.SignOut{RefreshToken: bad}), "refreshToken"},
			{"ResetPassword", h.ResetPassword(t.Context(), limits.Address{}, email, bad, good), "code"},
			{"ResetPassword", h.ResetPassword(t.Context(), limits.Address{}, email, domain.NewSecret("12345678"), bad), "newPassword"},
		} {
			if e, ok := errors.AsType[*domain.Error](c.err); !ok || e.Kind != domain.Invalid || e.Code != "" || e.Field != c.field {
				t.Errorf("%s with a %s of %d bytes: %v", c.method, c.field, len(value), c.err)
			}
		}
	}
	_, err := h.RespondToChallenge(t.Context(), limits.Address{}, email, ports.ChallengeAnswer{Session: good})
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "challengeName" {
		t.Errorf("a challenge without a name: %v", err)
	}
}
