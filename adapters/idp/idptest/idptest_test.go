package idptest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/domain"
)

// A request in a test carries the token of a user who is signed in.
func ExampleProvider_Caller() {
	provider := idptest.New()
	ada := domain.Must(provider.Caller(domain.Must(domain.ParseEmail("ada@example.com"))))

	request := httptest.NewRequest(http.MethodGet, "/auth/me", nil)
	request.Header.Set("Authorization", "Bearer "+ada.Token().Reveal())

	verified, err := provider.Verify(request.Context(), ada.Token())
	fmt.Println(verified.Identity() == ada.Identity(), err)
	// Output: true <nil>
}

func TestCaller(t *testing.T) {
	for name, change := range map[string]func(*idp.Config){"confirmed at once": func(*idp.Config) {}, "confirmed by a code": idptest.RequireConfirmation} {
		provider, ada := idptest.New(change), email("Ada@example.com")
		caller := domain.Must(provider.Caller(ada))
		t.Run(name+": a caller has an account with a verified address", func(t *testing.T) {
			user, err := provider.User(t.Context(), caller.Token())
			if err != nil || user.Identity != caller.Identity() || user.Email != ada || !user.EmailVerified {
				t.Errorf("got %+v, %v", user, err)
			}
		})
		t.Run(name+": the same address is the same user with another token", func(t *testing.T) {
			again := domain.Must(provider.Caller(email("ada@EXAMPLE.com")))
			if again.Identity() != caller.Identity() || again.Token() == caller.Token() {
				t.Errorf("got %+v, want %+v", again, caller)
			}
		})
	}
	t.Run("an account with another password is no caller", func(t *testing.T) {
		provider := idptest.New()
		domain.Must(provider.SignUp(t.Context(), email("bob@example.com"), domain.NewSecret("another password")))
		if _, err := provider.Caller(email("bob@example.com")); !errors.Is(err, domain.CodeUserExists) {
			t.Errorf("got %v", err)
		}
	})
}

func TestBreak(t *testing.T) {
	provider, ada := idptest.New(), email("ada@example.com")
	caller := domain.Must(provider.Caller(ada))
	provider.Break()
	if _, err := provider.Verify(t.Context(), caller.Token()); err != nil {
		t.Errorf("a token is refused: %v", err)
	}
	if _, err := provider.SignIn(t.Context(), ada, idptest.Password); !errors.Is(err, domain.CodeIdentityProviderUnavailable) {
		t.Errorf("signing in: %v", err)
	}
	if _, err := provider.User(t.Context(), caller.Token()); !errors.Is(err, domain.CodeIdentityProviderUnavailable) {
		t.Errorf("reading the user: %v", err)
	}
	provider.Restore()
	if _, err := provider.SignIn(t.Context(), ada, idptest.Password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestChange(t *testing.T) {
	provider, now := idptest.New(), time.Now()
	caller := domain.Must(provider.Caller(email("ada@example.com")))
	provider.Change(idptest.RequireConfirmation, func(c *idp.Config) { c.Now = func() time.Time { return now.Add(2 * time.Hour) } })
	if _, err := provider.Verify(t.Context(), caller.Token()); !errors.Is(err, domain.CodeInvalidToken) {
		t.Errorf("an old token: %v", err)
	}
	if again := domain.Must(provider.Caller(email("ada@example.com"))); again.Identity() != caller.Identity() {
		t.Errorf("the user is %v, was %v", again.Identity(), caller.Identity())
	}
	if user, err := provider.SignUp(t.Context(), email("bob@example.com"), idptest.Password); err != nil || user.Confirmed || provider.Code(email("bob@example.com")).IsZero() {
		t.Errorf("a new user: %+v, %v", user, err)
	}
}

func email(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }
