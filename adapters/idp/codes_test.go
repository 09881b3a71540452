package idp_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/domain"
)

func requireConfirmation(c *idp.Config) { c.RequireConfirmation = true }

func TestCodes(t *testing.T) {
	t.Run("a code has eight digits, and no two are alike", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		seen := map[string]bool{}
		for range 20 {
			mustDo(t, b.provider.ResendCode(t.Context(), ada.email))
			code := b.code(t, ada.email).Reveal()
			if !regexp.MustCompile(`^[0-9]{8}$`).MatchString(code) {
				t.Errorf("the code is %q", code)
			}
			seen[code] = true
		}
		if len(seen) < 19 { // one repetition occurs once in half a million runs
			t.Errorf("of 20 codes %d differ", len(seen))
		}
	})
	t.Run("a code works for ten minutes", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada, bob := b.arrive(t, "ada@example.com"), b.arrive(t, "bob@example.com")
		b.now.pass(10*time.Minute - time.Second)
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)))
		b.now.pass(time.Second)
		mustBe(t, b.provider.ConfirmSignUp(t.Context(), bob.email, b.code(t, bob.email)), domain.CodeCodeInvalid)
	})
	t.Run("a code survives five wrong ones", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		for range 5 {
			mustBe(t, b.provider.ConfirmSignUp(t.Context(), ada.email, misspelled(b.code(t, ada.email))), domain.CodeCodeInvalid)
		}
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)))
	})
	t.Run("a code is void after six wrong ones, even at once", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() { b.provider.ConfirmSignUp(t.Context(), ada.email, misspelled(b.code(t, ada.email))) })
		}
		wg.Wait()
		mustBe(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)), domain.CodeCodeInvalid)
	})
	t.Run("a new code takes the place of the old", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		old := b.code(t, ada.email)
		mustDo(t, b.provider.ResendCode(t.Context(), ada.email))
		mustBe(t, b.provider.ConfirmSignUp(t.Context(), ada.email, old), domain.CodeCodeInvalid)
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)))
	})
	t.Run("a code is valid only for its account", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada, bob := b.arrive(t, "ada@example.com"), b.arrive(t, "bob@example.com")
		mustBe(t, b.provider.ConfirmSignUp(t.Context(), bob.email, b.code(t, ada.email)), domain.CodeCodeInvalid)
	})
	t.Run("a confirmation code does not reset a password", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		mustBe(t, b.provider.ResetPassword(t.Context(), ada.email, b.code(t, ada.email), ada.password), domain.CodeCodeInvalid)
	})
}

func TestWhichUsersGetACode(t *testing.T) {
	t.Run("a user a user who is confirmed at once gets none", func(t *testing.T) {
		b := open(t, nil)
		ada := b.arrive(t, "ada@example.com")
		mustDo(t, b.provider.ResendCode(t.Context(), ada.email))
		if sent := b.box.Sent(); len(sent) != 0 {
			t.Errorf("they got %v", sent)
		}
	})
	t.Run("a user who signs up twice gets two, and the first is void", func(t *testing.T) {
		b := open(t, requireConfirmation)
		ada := b.arrive(t, "ada@example.com")
		first := b.code(t, ada.email)
		b.arrive(t, "Ada@example.com")
		if sent := b.box.Sent(); len(sent) != 2 || sent[1].To.String() != "Ada@example.com" {
			t.Fatalf("they got %v", sent)
		}
		mustBe(t, b.provider.ConfirmSignUp(t.Context(), ada.email, first), domain.CodeCodeInvalid)
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), ada.email, b.code(t, ada.email)))
	})
	t.Run("an address without an account gets none", func(t *testing.T) {
		b := open(t, requireConfirmation)
		nobody := address(t, "unknown@example.com")
		mustDo(t, b.provider.ResendCode(t.Context(), nobody))
		mustDo(t, b.provider.ForgotPassword(t.Context(), nobody))
		if sent := b.box.Sent(); len(sent) != 0 {
			t.Errorf("they got %v", sent)
		}
	})
	t.Run("a new user sees part of the address that it was sent to", func(t *testing.T) {
		b := open(t, requireConfirmation)
		for email, want := range map[string]string{"ada@example.com": "a***@e***", "ö@übung.de": "ö***@ü***"} {
			made, err := b.provider.SignUp(t.Context(), address(t, email), domain.NewSecret("a good password"))
			mustDo(t, err)
			if d := made.Delivery; d == nil || d.Destination != want || d.Medium != "EMAIL" || d.Attribute != "email" {
				t.Errorf("got %+v, want %s", d, want)
			}
		}
	})
}

func TestUnavailableMail(t *testing.T) {
	var log journal
	b := open(t, func(c *idp.Config) { c.RequireConfirmation, c.Logger = true, log.logger() })
	ada := b.join(t, "ada@example.com")
	b.box.Break()
	t.Run("signing up succeeds, and reports that no code was sent", func(t *testing.T) {
		made, err := b.provider.SignUp(t.Context(), address(t, "bob@example.com"), ada.password)
		mustDo(t, err)
		if made.Delivery != nil || made.Confirmed {
			t.Errorf("got %+v", made)
		}
	})
	t.Run("forgetting succeeds", func(t *testing.T) { mustDo(t, b.provider.ForgotPassword(t.Context(), ada.email)) })
	t.Run("each failure is an error in the log", func(t *testing.T) {
		if n := strings.Count(log.String(), `"level":"ERROR"`); n != 2 {
			t.Errorf("there are %d of 2:\n%s", n, &log)
		}
	})
	t.Run("a code can be had once mail is back", func(t *testing.T) {
		b.box.Restore()
		bob := address(t, "bob@example.com")
		mustDo(t, b.provider.ResendCode(t.Context(), bob))
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), bob, b.code(t, bob)))
	})
}

func TestAskingForACodeTakesItsTime(t *testing.T) {
	const answerTime = 30 * time.Millisecond
	b := open(t, func(c *idp.Config) { c.AnswerTime = answerTime })
	known := b.join(t, "ada@example.com").email
	for name, email := range map[string]domain.Email{"with an account": known, "without one": address(t, "unknown@example.com")} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			mustDo(t, b.provider.ForgotPassword(t.Context(), email))
			if took := time.Since(began); took < answerTime {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestAccountsWhoseAddressIsNotConfirmed(t *testing.T) {
	b := open(t, requireConfirmation)
	ada, bob := b.join(t, "ada@example.com"), b.arrive(t, "bob@example.com")
	sweep := func(t *testing.T, want int) {
		t.Helper()
		removed, err := b.provider.Sweep(t.Context())
		mustDo(t, err)
		if removed != want {
			t.Errorf("%d were removed, not %d", removed, want)
		}
	}
	b.now.pass(7 * 24 * time.Hour)
	sweep(t, 0)
	mustDo(t, b.provider.ResendCode(t.Context(), bob.email))
	b.now.pass(time.Microsecond)
	sweep(t, 1)
	mustBe(t, b.provider.ConfirmSignUp(t.Context(), bob.email, b.code(t, bob.email)), domain.CodeCodeInvalid)
	b.signIn(t, ada)
	if again := b.arrive(t, "bob@example.com"); again.identity == bob.identity {
		t.Error("a new account has the identity of the one that was removed")
	}
}

func TestASignUpIsRenewedOnlyWhereCodesAreRequired(t *testing.T) {
	b := open(t, requireConfirmation)
	ada := b.arrive(t, "ada@example.com")
	open := open(t, func(c *idp.Config) { c.Users = b.users })
	_, err := open.provider.SignUp(t.Context(), ada.email, ada.password)
	mustBe(t, err, domain.CodeUserExists)
}

// misspelled returns a wrong code that resembles code.
func misspelled(code domain.Secret) domain.Secret {
	digits := []byte(code.Reveal())
	digits[0] = '0' + (digits[0]-'0'+1)%10
	return domain.NewSecret(string(digits))
}
