package identities_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// house is the use cases on memory.
type house struct {
	*identities.Service
	registry *memory.Registry
	people   *memory.Identities
	mail     *memory.Mailbox
}

func newHouse() *house {
	h := &house{registry: &memory.Registry{}, people: &memory.Identities{}, mail: &memory.Mailbox{}}
	h.Service = &identities.Service{
		Provider: h.people,
		Members:  h.registry,
		Tenants:  &tenants.Service{Tenants: h.registry, Members: h.registry, Invitations: h.registry, Identities: h.people, Mail: h.mail},
	}
	return h
}

const password = "correct horse battery"

func (h *house) unclaimed(t *testing.T, id string) domain.Secret {
	t.Helper()
	parsed, err := domain.ParseTenantID(id)
	if err != nil {
		t.Fatal(err)
	}
	created, err := h.Tenants.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return created.ClaimToken
}

func (h *house) signUp(t *testing.T, email string, claim domain.Secret) (ports.NewUser, error) {
	t.Helper()
	return h.SignUp(t.Context(), identities.SignUp{Email: address(t, email), Password: domain.NewSecret(password), ClaimToken: claim})
}

func (h *house) signedIn(t *testing.T, email string) (ports.Caller, ports.Tokens) {
	t.Helper()
	signed, err := h.SignIn(t.Context(), address(t, email), domain.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	caller, err := h.people.Verify(t.Context(), signed.Tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	return caller, signed.Tokens
}

func address(t *testing.T, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func TestSigningUpWithAClaimMakesAnOwner(t *testing.T) {
	h := newHouse()
	claim := h.unclaimed(t, "acme")
	user, err := h.signUp(t, "Ada@example.com", claim)
	if err != nil {
		t.Fatal(err)
	}
	caller, _ := h.signedIn(t, "ada@example.com")
	if caller.Identity != user.Identity {
		t.Errorf("signed up as %v, signed in as %v", user.Identity, caller.Identity)
	}
	profile, err := h.WhoAmI(t.Context(), caller)
	if err != nil || profile.Email.String() != "Ada@example.com" || len(profile.Tenants) != 1 || profile.Tenants[0].Membership.Role != domain.RoleOwner {
		t.Errorf("WhoAmI = %+v, %v", profile, err)
	}
	if _, told := h.mail.Last(address(t, "ada@example.com")); !told {
		t.Error("the new owner wasn't told")
	}
}

func TestAClaimIsNotSpentOnASignUpThatFails(t *testing.T) {
	h := newHouse()
	if _, err := h.signUp(t, "eve@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	claim := h.unclaimed(t, "acme")
	if _, err := h.signUp(t, "eve@example.com", claim); !errors.Is(err, domain.CodeUserExists) {
		t.Fatalf("a taken address: %v", err)
	}
	eve, _ := h.signedIn(t, "eve@example.com")
	if profile, err := h.WhoAmI(t.Context(), eve); err != nil || len(profile.Tenants) != 0 {
		t.Errorf("a user who existed was bound to %v, %v", profile.Tenants, err)
	}
	if _, err := h.signUp(t, "ada@example.com", claim); err != nil {
		t.Errorf("the claim was spent: %v", err)
	}
}

func TestABadClaimMakesNoAccount(t *testing.T) {
	h := newHouse()
	if _, err := h.signUp(t, "ada@example.com", domain.NewSecret("nonsense")); !errors.Is(err, domain.CodeClaimInvalid) {
		t.Errorf("a bad claim: %v", err)
	}
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Errorf("the account was made before: %v", err)
	}
}

func TestOfFiftyWhoSignUpWithOneClaimOneIsTheOwner(t *testing.T) {
	h := newHouse()
	claim := h.unclaimed(t, "acme")
	var owners atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		email := address(t, strings.Repeat("x", i+1)+"@example.com")
		wg.Go(func() {
			_, err := h.SignUp(t.Context(), identities.SignUp{Email: email, Password: domain.NewSecret(password), ClaimToken: claim})
			if err == nil {
				owners.Add(1)
			} else if !errors.Is(err, domain.CodeClaimInvalid) {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	wg.Wait()
	if owners.Load() != 1 {
		t.Errorf("%d became owners", owners.Load())
	}
}

// hangsUp is a provider whose caller hangs up as soon as the account is made.
type hangsUp struct {
	ports.IdentityProvider
	cancel context.CancelFunc
}

func (p hangsUp) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.NewUser, error) {
	user, err := p.IdentityProvider.SignUp(ctx, email, password)
	p.cancel()
	return user, err
}

func TestACallerWhoHangsUpKeepsTheClaim(t *testing.T) {
	h := newHouse()
	claim := h.unclaimed(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	h.Provider = hangsUp{h.people, cancel}
	if _, err := h.SignUp(ctx, identities.SignUp{Email: address(t, "ada@example.com"), Password: domain.NewSecret(password), ClaimToken: claim}); err != nil {
		t.Fatal(err)
	}
	h.Provider = h.people
	ada, _ := h.signedIn(t, "ada@example.com")
	if profile, err := h.WhoAmI(t.Context(), ada); err != nil || len(profile.Tenants) != 1 {
		t.Errorf("the claim was lost: %+v, %v", profile, err)
	}
}

func TestSigningOut(t *testing.T) {
	h := newHouse()
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	caller, first := h.signedIn(t, "ada@example.com")
	_, second := h.signedIn(t, "ada@example.com")
	if err := h.SignOut(t.Context(), caller, identities.SignOut{}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("signing out of nothing: %v", err)
	}
	if err := h.SignOut(t.Context(), caller, identities.SignOut{RefreshToken: first.Refresh}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), first.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a revoked session was refreshed: %v", err)
	}
	if _, err := h.people.Verify(t.Context(), first.Access); err != nil {
		t.Errorf("the access token died with its session: %v", err)
	}
	if err := h.SignOut(t.Context(), caller, identities.SignOut{Everywhere: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(t.Context(), second.Refresh); !errors.Is(err, domain.CodeRefreshInvalid) {
		t.Errorf("a session survived signing out everywhere: %v", err)
	}
}

func TestMissingAndOversizedSecretsNameTheirField(t *testing.T) {
	h := newHouse()
	email := address(t, "ada@example.com")
	for _, value := range []string{"", strings.Repeat("x", 17<<10)} {
		secret := domain.NewSecret(value)
		_, signUp := h.SignUp(t.Context(), identities.SignUp{Email: email, Password: secret})
		_, signIn := h.SignIn(t.Context(), email, secret)
		_, refresh := h.Refresh(t.Context(), secret)
		_, challenge := h.RespondToChallenge(t.Context(), email, ports.ChallengeAnswer{Name: "SMS_MFA", Session: secret})
		fields := map[string]error{
			"password":     errors.Join(signUp, signIn),
			"code":         errors.Join(h.VerifyEmail(t.Context(), email, secret), h.ResetPassword(t.Context(), email, secret, domain.NewSecret(password))),
			"newPassword":  h.ResetPassword(t.Context(), email, domain.NewSecret("1234"), secret),
			"refreshToken": refresh,
			"session":      challenge,
		}
		for field, err := range fields {
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
				t.Errorf("%s of %d bytes: %v", field, len(value), err)
			}
		}
	}
}

func TestWhoAmIWithoutTheProvider(t *testing.T) {
	h := newHouse()
	claim := h.unclaimed(t, "acme")
	if _, err := h.signUp(t, "ada@example.com", claim); err != nil {
		t.Fatal(err)
	}
	caller, _ := h.signedIn(t, "ada@example.com")
	h.people.Break()
	profile, err := h.WhoAmI(t.Context(), caller)
	if err != nil || len(profile.Tenants) != 1 || !profile.Email.IsZero() {
		t.Errorf("WhoAmI = %+v, %v", profile, err)
	}
	h.registry.Break()
	if _, err := h.WhoAmI(t.Context(), caller); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("without the registry: %v", err)
	}
}
