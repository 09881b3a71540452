package porttest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Identities is an identity provider, the verifier of its tokens, and the mail
// that it sends.
type Identities struct {
	Provider ports.IdentityProvider
	Verifier ports.TokenVerifier

	// Code returns the last code that was mailed to the address.
	Code func(t *testing.T, email domain.Email) domain.Secret

	NeedsConfirmation bool      // SignUp leaves users unconfirmed
	Rotates           bool      // Refresh gives a new refresh token
	Lacks             []Feature // what the system behind the provider does not implement
}

// What an emulator of an identity provider may not implement.
const (
	AtomicSignUp    Feature = "gives an address to one of many sign-ups at once"
	CaseInsensitive Feature = "compares addresses in lower case"
	GlobalSignOut   Feature = "ends all sessions of a user"
	PasswordPolicy  Feature = "refuses weak passwords"
	Replacing       Feature = "replaces an unconfirmed sign-up"
	ResendCode      Feature = "sends a confirmation code again"
	VerifiedAddress Feature = "reports that an address was confirmed"
)

// IdentityProvider runs the contract of [ports.IdentityProvider], and of
// [ports.TokenVerifier] on the provider's tokens.
func IdentityProvider(t *testing.T, open func(t *testing.T) Identities) {
	signUp(t, open)
	confirmAddress(t, open)
	signIn(t, open)
	verifyTokens(t, open)
	refresh(t, open)
	signOut(t, open)
	forgetPassword(t, open)
	tellUser(t, open)

	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Provider.SignIn(ctx, newEmail(t), newPassword())
		return err
	})
}

func signUp(t *testing.T, open func(t *testing.T) Identities) {
	can := provider{open(t)}
	t.Run("signing up makes an identity of the provider", func(t *testing.T) {
		p := provider{open(t)}
		if p.Provider.Name() == "" {
			t.Error("the provider has no name")
		}
		subjects := map[string]bool{}
		for range 3 {
			made, err := p.Provider.SignUp(t.Context(), newEmail(t), newPassword())
			mustDo(t, err)
			if made.Identity.Provider() != p.Provider.Name() {
				t.Errorf("%v is not of %s", made.Identity, p.Provider.Name())
			}
			if made.Confirmed == p.NeedsConfirmation {
				t.Errorf("confirmed is %v", made.Confirmed)
			}
			if p.NeedsConfirmation && (made.Delivery == nil || made.Delivery.Medium == "" || made.Delivery.Destination == "" || made.Delivery.Attribute == "") {
				t.Errorf("it does not report where the code was sent: %+v", made.Delivery)
			}
			subjects[made.Identity.Subject()] = true
		}
		if len(subjects) != 3 {
			t.Errorf("three users share %d subjects", len(subjects))
		}
	})
	t.Run("a taken address is refused, and its password stays", func(t *testing.T) {
		p := provider{open(t)}
		first := p.join(t)
		spellings := []string{first.email.String()}
		if p.has(CaseInsensitive) {
			spellings = append(spellings, strings.ToUpper(first.email.String()))
		}
		for _, spelling := range spellings {
			_, err := p.Provider.SignUp(t.Context(), email(t, spelling), newPassword())
			mustBe(t, err, domain.CodeUserExists)
			mustBe(t, err, domain.Conflict)
		}
		p.signIn(t, first)
	})
	runIf(t, can.NeedsConfirmation && can.has(Replacing), "an unconfirmed address is not taken: its password and its code are replaced together", func(t *testing.T) {
		p := provider{open(t)}
		squatter := p.arrive(t)
		stolen := p.Code(t, squatter.email)
		owner := person{email: squatter.email, password: newPassword()}
		made, err := p.Provider.SignUp(t.Context(), owner.email, owner.password)
		mustDo(t, err)
		if made.Identity.IsZero() || made.Confirmed || made.Delivery == nil {
			t.Errorf("got %+v", made)
		}
		mustBe(t, p.Provider.ConfirmSignUp(t.Context(), owner.email, stolen), domain.CodeCodeInvalid)
		mustDo(t, p.Provider.ConfirmSignUp(t.Context(), owner.email, p.Code(t, owner.email)))
		_, err = p.Provider.SignIn(t.Context(), squatter.email, squatter.password)
		mustBe(t, err, domain.CodeInvalidCredentials)
		caller, err := p.Verifier.Verify(t.Context(), p.signIn(t, owner).Access)
		mustDo(t, err)
		if caller.Identity() != made.Identity {
			t.Errorf("they signed up as %v and in as %v", made.Identity, caller.Identity())
		}
		_, err = p.Provider.SignUp(t.Context(), owner.email, newPassword())
		mustBe(t, err, domain.CodeUserExists)
	})
	runIf(t, can.NeedsConfirmation && can.has(Replacing), "a reset gives an unconfirmed address to its owner", func(t *testing.T) {
		p := provider{open(t)}
		squatter := p.arrive(t)
		confirm := p.Code(t, squatter.email)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), squatter.email))
		owner := person{email: squatter.email, password: newPassword()}
		mustDo(t, p.Provider.ResetPassword(t.Context(), owner.email, p.Code(t, owner.email), owner.password))
		p.signIn(t, owner)
		_, err := p.Provider.SignIn(t.Context(), squatter.email, squatter.password)
		mustBe(t, err, domain.CodeInvalidCredentials)
		mustBe(t, p.Provider.ConfirmSignUp(t.Context(), owner.email, confirm), domain.CodeCodeInvalid)
	})
	t.Run("an address is one account with its domain in Unicode and in ASCII", func(t *testing.T) {
		p, forms := provider{open(t)}, twoForms(t)
		who := person{email: forms[0], password: newPassword()}
		_, err := p.Provider.SignUp(t.Context(), who.email, who.password)
		mustDo(t, err)
		p.confirm(t, who.email)
		for _, who.email = range forms {
			p.signIn(t, who)
			_, err = p.Provider.SignUp(t.Context(), who.email, newPassword())
			mustBe(t, err, domain.CodeUserExists)
		}
	})
	t.Run("addresses that only look alike belong to two users", func(t *testing.T) {
		p, tag := provider{open(t)}, unique()
		seen := map[domain.Identity]string{}
		for _, address := range []string{"a.b" + tag + "@example.com", "a_b" + tag + "@example.com", "a-b" + tag + "@example.com", "a.b+c" + tag + "@example.com"} {
			made, err := p.Provider.SignUp(t.Context(), email(t, address), newPassword())
			mustDo(t, err)
			if other, taken := seen[made.Identity]; taken {
				t.Errorf("%s and %s are one identity", address, other)
			}
			seen[made.Identity] = address
		}
	})
	runIf(t, can.has(PasswordPolicy), "a weak password is refused, and creates no user", func(t *testing.T) {
		p := provider{open(t)}
		for _, weak := range []string{"", "a", "short"} {
			address := newEmail(t)
			_, err := p.Provider.SignUp(t.Context(), address, domain.NewSecret(weak))
			mustBeOn(t, err, "password", domain.CodePasswordPolicy)
			mustBe(t, err, domain.Unprocessable)
			_, err = p.Provider.SignUp(t.Context(), address, newPassword())
			mustDo(t, err)
		}
	})
	runIf(t, can.has(AtomicSignUp) && !can.NeedsConfirmation, "of many sign-ups with one address at once, one succeeds", func(t *testing.T) {
		p := provider{open(t)}
		persons := make([]person, racers)
		for i := range persons {
			persons[i] = person{email: newEmail(t), password: newPassword()}
			persons[i].email = persons[0].email
		}
		winner := mustWinOnce(t, race(func(i int) error {
			_, err := p.Provider.SignUp(t.Context(), persons[i].email, persons[i].password)
			return err
		}), domain.CodeUserExists)
		p.confirm(t, persons[winner].email)
		p.signIn(t, persons[winner])
	})
}

func confirmAddress(t *testing.T, open func(t *testing.T) Identities) {
	can := provider{open(t)}
	t.Run("a code for an unknown address is wrong", func(t *testing.T) {
		mustBe(t, open(t).Provider.ConfirmSignUp(t.Context(), newEmail(t), domain.NewSecret("12345678")), domain.CodeCodeInvalid)
	})
	runIf(t, can.has(ResendCode), "asking for another code does not reveal whether there is an account", func(t *testing.T) {
		p := provider{open(t)}
		for _, address := range []domain.Email{newEmail(t), p.join(t).email} {
			mustDo(t, p.Provider.ResendCode(t.Context(), address))
		}
	})
	runIf(t, can.NeedsConfirmation, "an unconfirmed user cannot sign in, which only the right password reveals", func(t *testing.T) {
		p := provider{open(t)}
		who := p.arrive(t)
		_, err := p.Provider.SignIn(t.Context(), who.email, who.password)
		mustBe(t, err, domain.CodeUserNotConfirmed)
		mustBe(t, err, domain.Forbidden)
		_, err = p.Provider.SignIn(t.Context(), who.email, newPassword())
		mustBe(t, err, domain.CodeInvalidCredentials)
	})
	runIf(t, can.NeedsConfirmation, "the code that was mailed confirms, once", func(t *testing.T) {
		p := provider{open(t)}
		who := p.arrive(t)
		code := p.Code(t, who.email)
		for _, wrong := range []domain.Secret{misspell(code), {}, domain.NewSecret(code.Reveal() + "0")} {
			err := p.Provider.ConfirmSignUp(t.Context(), who.email, wrong)
			mustBe(t, err, domain.CodeCodeInvalid)
			mustBe(t, err, domain.Invalid)
		}
		mustDo(t, p.Provider.ConfirmSignUp(t.Context(), who.email, code))
		p.signIn(t, who)
		mustBe(t, p.Provider.ConfirmSignUp(t.Context(), who.email, code), domain.CodeCodeInvalid)
	})
	runIf(t, can.NeedsConfirmation, "a malformed code is wrong, and costs no attempt", func(t *testing.T) {
		p := provider{open(t)}
		who := p.arrive(t)
		code := p.Code(t, who.email)
		for range 5 {
			for _, malformed := range malformedCodes(code) {
				mustBe(t, p.Provider.ConfirmSignUp(t.Context(), who.email, malformed), domain.CodeCodeInvalid)
			}
		}
		mustDo(t, p.Provider.ConfirmSignUp(t.Context(), who.email, code))
	})
	runIf(t, can.NeedsConfirmation && can.has(ResendCode), "another code can be requested, and confirms", func(t *testing.T) {
		p := provider{open(t)}
		who := p.arrive(t)
		mustDo(t, p.Provider.ResendCode(t.Context(), who.email))
		mustDo(t, p.Provider.ConfirmSignUp(t.Context(), who.email, p.Code(t, who.email)))
		p.signIn(t, who)
	})
}

// provider has what a subtest uses.
type provider struct{ Identities }

// person is a user with an account.
type person struct {
	email    domain.Email
	password domain.Secret
	identity domain.Identity
}

func (p provider) has(f Feature) bool { return !slices.Contains(p.Lacks, f) }

// arrive signs a new user up.
func (p provider) arrive(t *testing.T) person {
	t.Helper()
	who := person{email: newEmail(t), password: newPassword()}
	made, err := p.Provider.SignUp(t.Context(), who.email, who.password)
	mustDo(t, err)
	who.identity = made.Identity
	return who
}

// join signs a new user up who can sign in.
func (p provider) join(t *testing.T) person {
	t.Helper()
	who := p.arrive(t)
	p.confirm(t, who.email)
	return who
}

func (p provider) confirm(t *testing.T, email domain.Email) {
	t.Helper()
	if p.NeedsConfirmation {
		mustDo(t, p.Provider.ConfirmSignUp(t.Context(), email, p.Code(t, email)))
	}
}

func (p provider) signIn(t *testing.T, who person) ports.Tokens {
	t.Helper()
	step, err := p.Provider.SignIn(t.Context(), who.email, who.password)
	mustDo(t, err)
	if step.Challenge != nil {
		t.Fatalf("a challenge: %s", step.Challenge.Name)
	}
	return step.Tokens
}

// newPassword returns a new password that every policy accepts.
func newPassword() domain.Secret { return domain.NewSecret("Correct-Horse-9-" + unique()) }

// malformedCodes returns texts that no provider sends as a code.
func malformedCodes(code domain.Secret) (malformed []domain.Secret) {
	digits := code.Reveal()
	for _, text := range []string{"", "wrong", digits + "x", "x" + digits, digits[1:] + "O", "-" + digits} {
		malformed = append(malformed, domain.NewSecret(text))
	}
	return malformed
}

// misspell returns a code similar to code, but not equal to it.
func misspell(code domain.Secret) domain.Secret {
	wrong := []byte(code.Reveal())
	wrong[0] = '0' + (wrong[0]-'0'+1)%10
	return domain.NewSecret(string(wrong))
}

func madeUpAnswer() ports.ChallengeAnswer {
	return ports.ChallengeAnswer{
		Name:      "NEW_PASSWORD_REQUIRED",
		Session:   domain.NewSecret("a session that was never started"),
		Responses: map[string]domain.Secret{"NEW_PASSWORD": newPassword()},
	}
}
