package identities_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// limitedInstallation is a installation whose limits count by the clock that it returns.
func limitedInstallation() (*installation, *time.Time) {
	h, now := newInstallation(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h.users.Change(idptest.RequireConfirmation)
	h.Limits = identities.NewLimits(func() time.Time { return now })
	return h, &now
}

func at(ip string) limits.Address { return limits.AddressOf(netip.MustParseAddr(ip)) }

// elsewhere returns another network address for each i.
func elsewhere(i int) limits.Address { return at(fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250)) }

var (
	ada   = address("ada@example.com")
	right = domain.NewSecret(password)
	wrong = domain.NewSecret("wrong horse battery")
	bad   = domain.NewSecret("00000000")
)

// requests are what callers who are not signed in send about an account, by purpose.
var requests = map[string]func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error{
	"sign up": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		_, err := h.SignUp(ctx, from, identities.SignUp{Email: email, Password: wrong})
		return err
	},
	"verify": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		return h.VerifyEmail(ctx, from, email, bad)
	},
	"resend": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		return h.ResendCode(ctx, from, email)
	},
	"sign in": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		_, err := h.SignIn(ctx, from, email, wrong)
		return err
	},
	"challenge": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		_, err := h.RespondToChallenge(ctx, from, email, ports.ChallengeAnswer{Name: "SMS_MFA", Session: bad})
		return err
	},
	"forget": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		return h.ForgotPassword(ctx, from, email)
	},
	"reset": func(ctx context.Context, h *installation, from limits.Address, email domain.Email) error {
		return h.ResetPassword(ctx, from, email, bad, right)
	},
}

// join creates a confirmed account without using up a limit.
func (h *installation) join(t *testing.T, email domain.Email) {
	t.Helper()
	counting := h.Limits
	h.Limits = nil
	defer func() { h.Limits = counting }()
	if _, err := h.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: right}); err != nil {
		t.Fatal(err)
	}
	if err := h.VerifyEmail(t.Context(), limits.Address{}, email, h.users.Code(email)); err != nil {
		t.Fatal(err)
	}
}

func isLimited(err error) bool { return domain.KindOf(err) == domain.Limited }

func TestEachPurposeHasAnAllowanceForAnAddressAndAnEmail(t *testing.T) {
	for purpose, request := range requests {
		t.Run(purpose, func(t *testing.T) {
			h, now := limitedInstallation()
			h.join(t, ada)
			for i := range identities.RequestsPerEmail {
				if err := request(t.Context(), h, at("192.0.2.1"), ada); isLimited(err) {
					t.Fatalf("number %d: %v", i+1, err)
				}
			}
			err := request(t.Context(), h, at("192.0.2.1"), ada)
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Limited || e.RetryAfter != 6*time.Second {
				t.Fatalf("one more: %v", err)
			}
			if err := request(t.Context(), h, at("192.0.2.1"), address("ADA@Example.com")); !isLimited(err) {
				t.Errorf("another spelling: %v", err)
			}
			if err := request(t.Context(), h, at("192.0.2.1"), address("bob@example.com")); isLimited(err) {
				t.Errorf("another account: %v", err)
			}
			if err := request(t.Context(), h, at("192.0.2.2"), ada); isLimited(err) {
				t.Errorf("from another address: %v", err)
			}
			for other, request := range requests {
				if err := request(t.Context(), h, at("192.0.2.1"), ada); other != purpose && isLimited(err) {
					t.Errorf("the purpose %q is limited, too: %v", other, err)
				}
			}
			*now = now.Add(6 * time.Second)
			if err := request(t.Context(), h, at("192.0.2.1"), ada); isLimited(err) {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

func TestOneAddressIsLimitedOverAllPurposes(t *testing.T) {
	h, _ := limitedInstallation()
	for i := range identities.RequestsPerAddress {
		if err := h.ResendCode(t.Context(), at("192.0.2.1"), address(fmt.Sprintf("user%d@example.com", i))); err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
	}
	for range 2 * identities.RequestsPerEmail {
		if _, err := h.SignIn(t.Context(), at("192.0.2.1"), ada, wrong); !isLimited(err) {
			t.Fatalf("one more: %v", err)
		}
	}
	if _, err := h.SignIn(t.Context(), at("192.0.2.2"), ada, wrong); isLimited(err) {
		t.Errorf("a request that was refused for an address counts for others: %v", err)
	}
}

func TestARequestRefusedForTheEmailDoesNotCountForTheAddress(t *testing.T) {
	h, _ := limitedInstallation()
	for range 10 * identities.RequestsPerAddress {
		_, _ = h.SignIn(t.Context(), at("192.0.2.1"), ada, wrong)
	}
	if _, err := h.SignIn(t.Context(), at("192.0.2.1"), address("bob@example.com"), wrong); isLimited(err) {
		t.Errorf("a neighbour behind the same address: %v", err)
	}
}

// exhaust uses up the allowance of a purpose over all addresses.
func exhaust(t *testing.T, h *installation, purpose string, allowance int) {
	t.Helper()
	for i := range allowance {
		if err := requests[purpose](t.Context(), h, elsewhere(i), ada); isLimited(err) {
			t.Fatalf("number %d: %v", i+1, err)
		}
	}
	if err := requests[purpose](t.Context(), h, elsewhere(allowance), ada); !isLimited(err) {
		t.Fatalf("after %d from as many addresses: %v", allowance, err)
	}
}

func TestFailuresFromAllAddressesAreCounted(t *testing.T) {
	for _, purpose := range []string{"verify", "sign in", "challenge", "reset"} {
		t.Run(purpose, func(t *testing.T) {
			h, _ := limitedInstallation()
			h.join(t, ada)
			exhaust(t, h, purpose, identities.FailuresPerEmail)
			for other, request := range requests {
				if err := request(t.Context(), h, at("192.0.2.1"), ada); (other == purpose) != isLimited(err) {
					t.Errorf("then the purpose %q: %v", other, err)
				}
			}
		})
	}
}

func TestMailsAskedForFromAllAddressesAreCounted(t *testing.T) {
	for _, purpose := range []string{"sign up", "resend", "forget"} {
		t.Run(purpose, func(t *testing.T) {
			h, _ := limitedInstallation()
			exhaust(t, h, purpose, identities.MailsPerEmail)
		})
	}
	t.Run("but not sign-ups that send none", func(t *testing.T) {
		h, _ := limitedInstallation()
		h.join(t, ada)
		for i := range 2 * identities.MailsPerEmail {
			if err := requests["sign up"](t.Context(), h, elsewhere(i), ada); !errors.Is(err, domain.CodeUserExists) {
				t.Fatalf("number %d: %v", i+1, err)
			}
		}
	})
}

func TestSuccessesFromAllAddressesAreNotCounted(t *testing.T) {
	h, _ := limitedInstallation()
	h.join(t, ada)
	for i := range 2 * identities.FailuresPerEmail {
		if _, err := h.SignIn(t.Context(), elsewhere(i), ada, right); err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
	}
}

func TestAStrangerCannotLockAnOwnerOut(t *testing.T) {
	home := at("192.0.2.1")
	for name, proves := range map[string]func(t *testing.T, h *installation) error{
		"that signed in from there": func(t *testing.T, h *installation) error {
			_, err := h.SignIn(t.Context(), home, ada, right)
			return err
		},
		"that reset the password from there": func(t *testing.T, h *installation) error {
			if err := h.ForgotPassword(t.Context(), home, ada); err != nil {
				return err
			}
			return h.ResetPassword(t.Context(), home, ada, h.users.Code(ada), right)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := limitedInstallation()
			h.join(t, ada)
			if err := proves(t, h); err != nil {
				t.Fatal(err)
			}
			exhaust(t, h, "sign in", identities.FailuresPerEmail)
			if _, err := h.SignIn(t.Context(), home, ada, right); err != nil {
				t.Errorf("from the known address: %v", err)
			}
			if _, err := h.SignIn(t.Context(), at("192.0.2.2"), ada, right); !isLimited(err) {
				t.Errorf("from an unknown address: %v", err)
			}
		})
	}
	t.Run("that resets the password only afterwards", func(t *testing.T) {
		h, _ := limitedInstallation()
		h.join(t, ada)
		exhaust(t, h, "sign in", identities.FailuresPerEmail)
		if err := h.ForgotPassword(t.Context(), home, ada); err != nil {
			t.Fatal(err)
		}
		if err := h.ResetPassword(t.Context(), home, ada, h.users.Code(ada), right); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SignIn(t.Context(), home, ada, right); err != nil {
			t.Error(err)
		}
	})
	t.Run("but a guess from a known address counts there", func(t *testing.T) {
		h, _ := limitedInstallation()
		h.join(t, ada)
		if _, err := h.SignIn(t.Context(), home, ada, right); err != nil {
			t.Fatal(err)
		}
		refused := 0
		for range 400 {
			if _, err := h.SignIn(t.Context(), home, ada, wrong); isLimited(err) {
				refused++
			}
		}
		if refused < 400-identities.RequestsPerEmail {
			t.Errorf("only %d of 400 guesses were refused", refused)
		}
	})
	t.Run("and an unknown address never becomes a known one", func(t *testing.T) {
		h, _ := limitedInstallation()
		h.join(t, ada)
		if _, err := h.SignIn(t.Context(), limits.Address{}, ada, right); err != nil {
			t.Fatal(err)
		}
		exhaust(t, h, "sign in", identities.FailuresPerEmail)
		if _, err := h.SignIn(t.Context(), limits.Address{}, ada, right); !isLimited(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestManyGuessesAtOnceAreLimited(t *testing.T) {
	h, _ := limitedInstallation()
	h.join(t, ada)
	var tried atomic.Int32
	var guesses sync.WaitGroup
	for range 400 {
		guesses.Go(func() {
			if _, err := h.SignIn(t.Context(), at("192.0.2.1"), ada, wrong); !isLimited(err) {
				tried.Add(1)
			}
		})
	}
	guesses.Wait()
	if tried.Load() != identities.RequestsPerEmail {
		t.Errorf("%d guesses reached the provider", tried.Load())
	}
}

func TestACallerWhoHangsUpIsCounted(t *testing.T) {
	h, _ := limitedInstallation()
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	for i := range identities.FailuresPerEmail {
		_, _ = h.SignIn(gone, elsewhere(i), ada, wrong)
	}
	if _, err := h.SignIn(t.Context(), at("192.0.2.1"), ada, wrong); !isLimited(err) {
		t.Errorf("got %v", err)
	}
}

func TestAnUnavailableProviderCountsNoFailure(t *testing.T) {
	h, _ := limitedInstallation()
	h.join(t, ada)
	h.users.Break()
	for i := range 2 * identities.FailuresPerEmail {
		for _, request := range requests {
			_ = request(t.Context(), h, elsewhere(i), ada)
		}
	}
	h.users.Restore()
	for purpose, request := range requests {
		if err := request(t.Context(), h, at("192.0.2.1"), ada); isLimited(err) {
			t.Errorf("%s: %v", purpose, err)
		}
	}
}

func TestOnlyBadRefreshTokensAreLimited(t *testing.T) {
	h, _ := limitedInstallation()
	h.join(t, ada)
	step, err := h.SignIn(t.Context(), at("192.0.2.1"), ada, right)
	if err != nil {
		t.Fatal(err)
	}
	good := step.Tokens.Refresh
	for i := range 2 * identities.RequestsPerAddress {
		tokens, err := h.Refresh(t.Context(), at("192.0.2.1"), good)
		if err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
		good = tokens.Refresh
	}
	for range identities.RequestsPerAddress {
		if _, err := h.Refresh(t.Context(), at("192.0.2.1"), bad); !errors.Is(err, domain.CodeRefreshInvalid) {
			t.Fatal(err)
		}
	}
	if _, err := h.Refresh(t.Context(), at("192.0.2.1"), bad); !isLimited(err) {
		t.Errorf("got %v", err)
	}
	if _, err := h.SignIn(t.Context(), at("192.0.2.1"), ada, right); err != nil {
		t.Errorf("bad refresh tokens keep a password from being accepted: %v", err)
	}
}
