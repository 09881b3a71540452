package idp_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/argon2"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var hashers = map[string]idp.Hasher{"Argon2id": argon2.New(argon2.Config{Wait: time.Minute}), "in memory": memory.Hasher{}}

func TestHashers(t *testing.T) {
	password := domain.NewSecret("correct horse battery staple")
	for name, hasher := range hashers {
		hash := func(t *testing.T) string {
			t.Helper()
			hash, err := hasher.Hash(t.Context(), password)
			mustDo(t, err)
			return hash
		}
		verify := func(t *testing.T, stored string, password domain.Secret) bool {
			t.Helper()
			right, err := hasher.Verify(t.Context(), stored, password)
			mustDo(t, err)
			return right
		}
		t.Run(name+": a hash verifies its password and no other", func(t *testing.T) {
			stored := hash(t)
			if !verify(t, stored, password) {
				t.Error("it refuses the password")
			}
			for _, wrong := range []string{"", "correct horse battery stapl", "correct horse battery staple "} {
				if verify(t, stored, domain.NewSecret(wrong)) {
					t.Errorf("it accepts %q", wrong)
				}
			}
		})
		t.Run(name+": two hashes of one password differ, and do not contain it", func(t *testing.T) {
			if one, other := hash(t), hash(t); one == other || strings.Contains(one, password.Reveal()) {
				t.Errorf("they are %s and %s", one, other)
			}
		})
		t.Run(name+": a decoy reads as a hash, and no password has it", func(t *testing.T) {
			for _, password := range []domain.Secret{password, {}} {
				if verify(t, hasher.Decoy(), password) {
					t.Errorf("it accepts %q", password.Reveal())
				}
			}
		})
		t.Run(name+": what is no hash of its own is an error", func(t *testing.T) {
			stored := hash(t)
			for _, bad := range []string{"", "password", " " + stored, stored + "$", stored[:len(stored)/2], hashOfTheOther(t, name)} {
				if _, err := hasher.Verify(t.Context(), bad, password); err == nil {
					t.Errorf("%q is accepted", bad)
				}
			}
		})
		t.Run(name+": a context that has ended is an error", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := hasher.Hash(ctx, password)
			mustBe(t, err, context.Canceled)
			_, err = hasher.Verify(ctx, hasher.Decoy(), password)
			mustBe(t, err, context.Canceled)
		})
	}
}

// hashOfTheOther returns a hash that another hasher made.
func hashOfTheOther(t *testing.T, name string) string {
	t.Helper()
	for other, hasher := range hashers {
		if other != name {
			return hasher.Decoy()
		}
	}
	t.Fatal("there is one hasher alone")
	return ""
}

func TestTheHasherIsTheConfigured(t *testing.T) {
	b := open(t, nil)
	stored, err := b.users.UserByEmail(t.Context(), b.join(t, "ada@example.com").email)
	mustDo(t, err)
	if right, err := (memory.Hasher{}).Verify(t.Context(), stored.PasswordHash, domain.NewSecret("the password of ada@example.com")); !right || err != nil {
		t.Errorf("the store has %s: %v", stored.PasswordHash, err)
	}
}

// busy is a hasher whose queue is full.
type busy struct{ memory.Hasher }

var errBusy error = &domain.Error{Kind: domain.Unavailable, Code: domain.CodeIdentityProviderUnavailable, Message: "too many sign-ins", RetryAfter: 7 * time.Second}

func (busy) Hash(context.Context, domain.Secret) (string, error)         { return "", errBusy }
func (busy) Verify(context.Context, string, domain.Secret) (bool, error) { return false, errBusy }

func TestABusyHasherReportsWhenToRetry(t *testing.T) {
	b := open(t, nil)
	ada := b.join(t, "ada@example.com")
	mustDo(t, b.provider.ForgotPassword(t.Context(), ada.email))
	full := open(t, func(c *idp.Config) { c.Users, c.Hasher = b.users, busy{} })
	_, signUp := full.provider.SignUp(t.Context(), address(t, "bob@example.com"), ada.password)
	_, signIn := full.provider.SignIn(t.Context(), ada.email, ada.password)
	reset := full.provider.ResetPassword(t.Context(), ada.email, b.code(t, ada.email), ada.password)
	for name, err := range map[string]error{"SignUp": signUp, "SignIn": signIn, "ResetPassword": reset} {
		if !errors.Is(err, errBusy) {
			t.Errorf("%s returns %v", name, err)
		}
	}
	mustDo(t, b.provider.ResetPassword(t.Context(), ada.email, b.code(t, ada.email), ada.password)) // the code is unspent
}

func TestAStoredHashThatCannotBeReadIsOurMistake(t *testing.T) {
	b := open(t, nil)
	ada := address(t, "ada@example.com")
	mustDo(t, b.users.CreateUser(t.Context(), ports.StoredUser{Subject: "ada", Email: ada, PasswordHash: "plain", Confirmed: true}, nil))
	_, err := b.provider.SignIn(t.Context(), ada, domain.NewSecret("plain"))
	mustBe(t, err, domain.Internal)
}
