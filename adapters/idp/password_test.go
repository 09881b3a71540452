package idp_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/domain"
)

func TestPasswordPolicy(t *testing.T) {
	b := open(t, nil)
	email := address(t, "Ada.Lovelace@example.com")
	for name, password := range map[string]string{
		"of seven characters":          "1234567",
		"of eight bytes but four":      "üüüü",
		"of 257 bytes":                 strings.Repeat("x", 257),
		"that isn't UTF-8":             "password\xff",
		"with a control character":     "pass\x00word",
		"with a line break":            "password\n",
		"that is the address":          "ada.lovelace@EXAMPLE.com",
		"that is the address's person": "ada.lovelace",
	} {
		t.Run("a password "+name+" is refused", func(t *testing.T) {
			_, err := b.provider.SignUp(t.Context(), email, domain.NewSecret(password))
			mustBe(t, err, domain.CodePasswordPolicy)
			refusal, _ := errors.AsType[*domain.Error](err)
			if refusal.Kind != domain.Unprocessable || refusal.Field != "password" || refusal.Details["minCharacters"] != "8" || refusal.Details["maxBytes"] != "256" {
				t.Errorf("got %+v", refusal)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("it tells the password: %v", err)
			}
		})
	}
	for name, password := range map[string]string{
		"of eight characters": "12345678",
		"of 256 bytes":        strings.Repeat("x", 256),
		"of words":            "correct horse battery staple",
		"in any language":     "пароль и слово 🥐",
	} {
		t.Run("a password "+name+" is accepted", func(t *testing.T) {
			who := person{email: address(t, strings.ReplaceAll(name, " ", ".")+"@example.com"), password: domain.NewSecret(password)}
			_, err := b.provider.SignUp(t.Context(), who.email, who.password)
			mustDo(t, err)
			b.signIn(t, who)
		})
	}
}

func TestAPasswordIsOneHoweverItIsTyped(t *testing.T) {
	b := open(t, nil)
	who := person{email: address(t, "ada@example.com"), password: domain.NewSecret("u\u0308bergro\u00df")}
	_, err := b.provider.SignUp(t.Context(), who.email, who.password)
	mustDo(t, err)
	who.password = domain.NewSecret("\u00fcbergro\u00df")
	b.signIn(t, who)
}

func TestAStoredHash(t *testing.T) {
	t.Run("costs what OWASP recommends", func(t *testing.T) {
		b := open(t, nil)
		stored, err := b.users.UserByEmail(t.Context(), b.join(t, "ada@example.com").email)
		mustDo(t, err)
		if !strings.HasPrefix(stored.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("it is %s", stored.PasswordHash)
		}
	})
	t.Run("has a salt of its own", func(t *testing.T) {
		b := open(t, nil)
		seen := map[string]bool{}
		for _, email := range []string{"a@example.com", "b@example.com"} {
			_, err := b.provider.SignUp(t.Context(), address(t, email), domain.NewSecret("one and the same"))
			mustDo(t, err)
			stored, err := b.users.UserByEmail(t.Context(), address(t, email))
			mustDo(t, err)
			seen[stored.PasswordHash] = true
		}
		if len(seen) != 2 {
			t.Error("two people's are the same")
		}
	})
}

func TestTooManyPasswordsAtOnce(t *testing.T) {
	b := open(t, func(c *idp.Config) { c.HashQueue, c.HashWait = 1, 7*time.Second })
	ada := b.join(t, "ada@example.com")
	errs := make([]error, 20*runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = b.provider.SignIn(t.Context(), ada.email, ada.password) })
	}
	wg.Wait()
	served, sentAway := 0, 0
	for _, err := range errs {
		if err == nil {
			served++
			continue
		}
		mustBe(t, err, domain.CodeIdentityProviderUnavailable)
		if e, _ := errors.AsType[*domain.Error](err); e.Kind != domain.Unavailable || e.RetryAfter != 7*time.Second {
			t.Errorf("got %+v", e)
		}
		sentAway++
	}
	if served == 0 || sentAway == 0 {
		t.Errorf("%d were served and %d sent away", served, sentAway)
	}
	b.signIn(t, ada)
}

// BenchmarkSignIn shows that an unknown address takes as long as a wrong
// password, and a right one hardly longer: two signatures.
func BenchmarkSignIn(b *testing.B) {
	building := open(b, nil)
	ada := building.arrive(b, "ada@example.com")
	wrong := domain.NewSecret("a wrong password")
	for _, c := range []struct {
		name     string
		email    domain.Email
		password domain.Secret
	}{
		{"unknown address", address(b, "nobody@example.com"), wrong},
		{"wrong password", ada.email, wrong},
		{"right password", ada.email, ada.password},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				building.provider.SignIn(b.Context(), c.email, c.password)
			}
		})
	}
}
