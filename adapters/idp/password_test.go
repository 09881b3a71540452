package idp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/argon2"
	"github.com/partywall-go/partywall/domain"
)

func TestPasswordPolicy(t *testing.T) {
	b := open(t, nil)
	email := address(t, "Ada.Lovelace@example.com")
	for name, password := range map[string]string{
		"of seven characters":                   "1234567",
		"of eight bytes but four":               "üüüü",
		"of 257 bytes":                          strings.Repeat("x", 257),
		"that is not UTF-8":                     "password\xff",
		"with a control character":              "pass\x00word",
		"with a line break":                     "password\n",
		"that is the address":                   "ada.lovelace@EXAMPLE.com",
		"that is the local part of the address": "ada.lovelace",
	} {
		t.Run("a password "+name+" is refused", func(t *testing.T) {
			_, err := b.provider.SignUp(t.Context(), email, domain.NewSecret(password))
			mustBe(t, err, domain.CodePasswordPolicy)
			refusal, _ := errors.AsType[*domain.Error](err)
			if refusal.Kind != domain.Unprocessable || refusal.Field != "password" || refusal.Details["minCharacters"] != "8" || refusal.Details["maxBytes"] != "256" {
				t.Errorf("got %+v", refusal)
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("it contains the password: %v", err)
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
			who := account{email: address(t, strings.ReplaceAll(name, " ", ".")+"@example.com"), password: domain.NewSecret(password)}
			_, err := b.provider.SignUp(t.Context(), who.email, who.password)
			mustDo(t, err)
			b.signIn(t, who)
		})
	}
}

func TestAPasswordIsOneHoweverItIsTyped(t *testing.T) {
	b := open(t, nil)
	who := account{email: address(t, "ada@example.com"), password: domain.NewSecret("u\u0308bergro\u00df")}
	_, err := b.provider.SignUp(t.Context(), who.email, who.password)
	mustDo(t, err)
	who.password = domain.NewSecret("\u00fcbergro\u00df")
	b.signIn(t, who)
}

// BenchmarkSignIn shows that an unknown address takes as long as a wrong
// password. A right password takes little longer: two signatures.
func BenchmarkSignIn(b *testing.B) {
	fixture := open(b, func(c *idp.Config) { c.Hasher = argon2.New(argon2.Config{}) })
	ada := fixture.arrive(b, "ada@example.com")
	wrong := domain.NewSecret("a wrong password")
	for _, c := range []struct {
		name     string
		email    domain.Email
		password domain.Secret
	}{
		{"unknown address", address(b, "unknown@example.com"), wrong},
		{"wrong password", ada.email, wrong},
		{"right password", ada.email, ada.password},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				fixture.provider.SignIn(b.Context(), c.email, c.password)
			}
		})
	}
}
