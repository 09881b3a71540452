package identities_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func TestSigningUpWithAClaimMakesAnOwner(t *testing.T) {
	h := newInstallation()
	claim := h.unclaimed(t, "acme")
	user, err := h.signUp(t, "Ada@example.com", claim)
	if err != nil {
		t.Fatal(err)
	}
	caller, _ := h.signedIn(t, "ada@example.com")
	if caller.Identity() != user.Identity {
		t.Errorf("signed up as %v, signed in as %v", user.Identity, caller.Identity())
	}
	profile, err := h.WhoAmI(t.Context(), caller)
	if err != nil || profile.Email.String() != "Ada@example.com" || len(profile.Tenants) != 1 || profile.Tenants[0].Membership.Role != domain.RoleOwner {
		t.Errorf("WhoAmI = %+v, %v", profile, err)
	}
}

func TestAClaimIsNotSpentOnASignUpThatFails(t *testing.T) {
	h := newInstallation()
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
	h := newInstallation()
	if _, err := h.signUp(t, "ada@example.com", domain.NewSecret("nonsense")); !errors.Is(err, domain.CodeClaimInvalid) {
		t.Errorf("a bad claim: %v", err)
	}
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Errorf("the account was made before: %v", err)
	}
}

func TestOneOfFiftySignUpsWithOneClaimBecomesTheOwner(t *testing.T) {
	h := newInstallation()
	claim := h.unclaimed(t, "acme")
	var owners atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		email := address(strings.Repeat("x", i+1) + "@example.com")
		wg.Go(func() {
			_, err := h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: domain.NewSecret(password), ClaimToken: claim})
			if err == nil {
				owners.Add(1)
			} else if !errors.Is(err, domain.CodeClaimInvalid) {
				t.Errorf("another sign-up got %v", err)
			}
		})
	}
	wg.Wait()
	if owners.Load() != 1 {
		t.Errorf("%d became owners", owners.Load())
	}
}

// meddler is a provider that calls a function as soon as an account is created.
type meddler struct {
	ports.IdentityProvider
	then func(*ports.CreatedUser)
}

func (m meddler) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	user, err := m.IdentityProvider.SignUp(ctx, email, password)
	m.then(&user)
	return user, err
}

func TestARepeatedSignUpIsHeldToTheQuota(t *testing.T) {
	h := newInstallation()
	h.users.Change(idptest.RequireConfirmation)
	h.Tenants.TenantsPerOwner = 1
	if _, err := h.signUp(t, "ada@example.com", h.unclaimed(t, "first")); err != nil {
		t.Fatal(err)
	}
	second := h.unclaimed(t, "second")
	if _, err := h.signUp(t, "ADA@example.com", second); !errors.Is(err, domain.CodeTenantQuota) || !strings.Contains(err.Error(), "sign up with another address") {
		t.Errorf("got %v", err)
	}
	if _, err := h.signUp(t, "eve@example.com", second); err != nil {
		t.Errorf("the claim was spent: %v", err)
	}
}

func TestACallerWhoHangsUpKeepsTheClaim(t *testing.T) {
	h := newInstallation()
	claim := h.unclaimed(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	h.Provider = meddler{h.users, func(*ports.CreatedUser) { cancel() }}
	if _, err := h.SignUp(ctx, limits.Address{}, identities.SignUp{Email: address("ada@example.com"), Password: domain.NewSecret(password), ClaimToken: claim}); err != nil {
		t.Fatal(err)
	}
	h.Provider = h.users
	ada, _ := h.signedIn(t, "ada@example.com")
	if profile, err := h.WhoAmI(t.Context(), ada); err != nil || len(profile.Tenants) != 1 {
		t.Errorf("the claim was lost: %+v, %v", profile, err)
	}
}

// hanging is a store that does not answer in time after the account was created.
type hanging struct{ ports.ReservationStore }

func (hanging) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if _, err := c.SignUp(ctx); err != nil {
		return ports.ClaimedTenant{}, err
	}
	return ports.ClaimedTenant{}, context.DeadlineExceeded
}

func TestTheErrorReportsAnAccountWithoutItsTenant(t *testing.T) {
	for name, c := range map[string]struct {
		then    func(h *installation, claim domain.Secret, user *ports.CreatedUser)
		want    error
		says    string
		unspent bool
	}{
		"another user claims it first": {func(h *installation, claim domain.Secret, _ *ports.CreatedUser) {
			eve := domain.Must(h.users.Caller(address("eve@example.com")))
			domain.Must(h.db.Reservations().Claim(context.Background(), ports.Claim{Token: claim.Hash(), Owner: eve.Identity()}))
		}, domain.CodeClaimInvalid, "another user claimed", false},
		"the registry becomes unavailable": {func(h *installation, _ domain.Secret, _ *ports.CreatedUser) {
			h.db.Break()
		}, domain.CodeDatabaseUnavailable, "claim it with the same token", true},
		"the registry hangs": {func(*installation, domain.Secret, *ports.CreatedUser) {}, domain.Unavailable, "claim it with the same token", true},
		"the provider does not return the identity": {func(_ *installation, _ domain.Secret, user *ports.CreatedUser) {
			user.Identity = domain.Identity{}
		}, domain.Conflict, "claim it with the same token", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newInstallation()
			claim := h.unclaimed(t, "acme")
			h.Provider = meddler{h.users, func(user *ports.CreatedUser) { c.then(h, claim, user) }}
			if name == "the registry hangs" {
				h.Tenants.Reservations = hanging{h.db.Reservations()}
			}
			_, err := h.signUp(t, "ada@example.com", claim)
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || !errors.Is(e, c.want) || e.Field != "claimToken" || !strings.Contains(e.Message, "the account was made") || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %v", err)
			}
			h.db.Restore()
			h.Tenants.Reservations = h.db.Reservations()
			h.Provider = h.users
			ada, _ := h.signedIn(t, "ada@example.com")
			if _, err := h.Tenants.Claim(t.Context(), tenants.Creator{Caller: ada}, domain.Must(domain.ParseTenantID("acme")), claim); (err == nil) != c.unspent {
				t.Errorf("claiming it later: %v", err)
			}
		})
	}
}

func TestACodeIsAcceptedInEverySpelling(t *testing.T) {
	written := func(code domain.Secret) []domain.Secret {
		digits := code.Reveal()
		return []domain.Secret{
			domain.NewSecret(" " + digits[:4] + " " + digits[4:] + "\r\n"),
			domain.NewSecret(digits[:4] + "-" + digits[4:]),
			domain.NewSecret("\u200b" + digits[:2] + "\u2013" + digits[2:]),
		}
	}
	for i := range 3 {
		h := newInstallation()
		h.users.Change(idptest.RequireConfirmation)
		if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
			t.Fatal(err)
		}
		if err := h.VerifyEmail(t.Context(), limits.Address{}, ada, written(h.users.Code(ada))[i]); err != nil {
			t.Errorf("verifying: %v", err)
		}
		if err := h.ForgotPassword(t.Context(), limits.Address{}, ada); err != nil {
			t.Fatal(err)
		}
		if err := h.ResetPassword(t.Context(), limits.Address{}, ada, written(h.users.Code(ada))[i], right); err != nil {
			t.Errorf("resetting: %v", err)
		}
		if err := h.users.OrderChallenge(t.Context(), ada, "SMS_MFA"); err != nil {
			t.Fatal(err)
		}
		step, err := h.SignIn(t.Context(), limits.Address{}, ada, right)
		if err != nil {
			t.Fatal(err)
		}
		answer := ports.ChallengeAnswer{Name: "SMS_MFA", Session: step.Challenge.Session, Responses: map[string]domain.Secret{"SMS_MFA_CODE": written(h.users.Code(ada))[i]}}
		if step, err = h.RespondToChallenge(t.Context(), limits.Address{}, ada, answer); err != nil || step.Tokens.Access.IsZero() {
			t.Errorf("answering: %v", err)
		}
	}
}

func TestTextThatIsNoCodeDoesNotCountAsAnAttempt(t *testing.T) {
	h, _ := limitedInstallation()
	if _, err := h.signUp(t, "ada@example.com", domain.Secret{}); err != nil {
		t.Fatal(err)
	}
	code := h.users.Code(ada)
	for range 10 * identities.RequestsPerAddress {
		for _, malformed := range []string{"1234567O", "code", "----"} {
			if err := h.VerifyEmail(t.Context(), at("192.0.2.1"), ada, domain.NewSecret(malformed)); !errors.Is(err, domain.CodeCodeInvalid) {
				t.Fatalf("verifying with %q: %v", malformed, err)
			}
			if err := h.ResetPassword(t.Context(), at("192.0.2.1"), ada, domain.NewSecret(malformed), right); !errors.Is(err, domain.CodeCodeInvalid) {
				t.Fatalf("resetting with %q: %v", malformed, err)
			}
			answer := ports.ChallengeAnswer{Name: "SMS_MFA", Session: bad, Responses: map[string]domain.Secret{"SMS_MFA_CODE": domain.NewSecret(malformed)}}
			if _, err := h.RespondToChallenge(t.Context(), at("192.0.2.1"), ada, answer); !errors.Is(err, domain.CodeChallengeInvalid) {
				t.Fatalf("answering with %q: %v", malformed, err)
			}
		}
	}
	if err := h.VerifyEmail(t.Context(), at("192.0.2.1"), ada, code); err != nil {
		t.Error(err)
	}
}
