package idp_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/internal/logbuffer"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestProvider(t *testing.T) {
	own := func(b fixture) ports.TokenVerifier { return b.provider }
	shared := func(b fixture) ports.TokenVerifier { return b.verifier }
	for name, c := range map[string]struct {
		required bool
		verifier func(fixture) ports.TokenVerifier
	}{
		"confirmed at once":              {false, shared},
		"confirmed by a code":            {true, shared},
		"verified by the provider's own": {false, own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.IdentityProvider(t, func(t *testing.T) porttest.Identities {
				b := open(t, func(config *idp.Config) { config.RequireConfirmation = c.required })
				return porttest.Identities{
					Provider:          b.provider,
					Verifier:          c.verifier(b),
					Code:              b.code,
					NeedsConfirmation: c.required,
					Rotates:           true,
				}
			})
		})
	}
}

func TestAProviderNeedsItsParts(t *testing.T) {
	if _, err := idp.New(idp.Config{}); err == nil {
		t.Error("a provider was made of nothing")
	}
}

func TestAnUnavailableStore(t *testing.T) {
	b := open(t, nil)
	ada := b.join(t, "ada@example.com")
	tokens := b.signIn(t, ada)
	b.db.Break()
	for name, do := range map[string]func() error{
		"SignUp": func() error {
			_, err := b.provider.SignUp(t.Context(), address(t, "bob@example.com"), ada.password)
			return err
		},
		"ConfirmSignUp":  func() error { return b.provider.ConfirmSignUp(t.Context(), ada.email, domain.NewSecret("12345678")) },
		"ResendCode":     func() error { return b.provider.ResendCode(t.Context(), ada.email) },
		"SignIn":         func() error { _, err := b.provider.SignIn(t.Context(), ada.email, ada.password); return err },
		"Refresh":        func() error { _, err := b.provider.Refresh(t.Context(), tokens.Refresh); return err },
		"Revoke":         func() error { return b.provider.Revoke(t.Context(), tokens.Refresh) },
		"ForgotPassword": func() error { return b.provider.ForgotPassword(t.Context(), ada.email) },
		"ResetPassword": func() error {
			return b.provider.ResetPassword(t.Context(), ada.email, domain.NewSecret("12345678"), ada.password)
		},
		"SignOutEverywhere": func() error { return b.provider.SignOutEverywhere(t.Context(), tokens.Access) },
		"User":              func() error { _, err := b.provider.User(t.Context(), tokens.Access); return err },
	} {
		t.Run(name+" is unavailable and states when to retry", func(t *testing.T) {
			err := do()
			mustBe(t, err, domain.CodeIdentityProviderUnavailable)
			mustBe(t, err, domain.Unavailable)
			if e, _ := errors.AsType[*domain.Error](err); e.RetryAfter <= 0 {
				t.Errorf("the error has no time to retry: %v", err)
			}
		})
	}
}

const clientID = "partywall"

// fixture is a provider with its dependencies. Its clock stands still.
type fixture struct {
	provider *idp.Provider
	verifier ports.TokenVerifier
	db       *memory.DB
	users    *memory.Users
	box      *memory.Mailbox
	keys     *idp.Keys
	now      *clock
}

// open returns a fixture whose provider's configuration was changed by change.
func open(t testing.TB, change func(*idp.Config)) fixture {
	t.Helper()
	now := &clock{now: time.Now()}
	db := &memory.DB{Now: now.Now}
	b := fixture{db: db, users: db.Users(), box: &memory.Mailbox{}, keys: oneKey(t), now: now}
	config := idp.Config{
		Users:      b.users,
		Mail:       &mails.Service{Mailer: b.box},
		Keys:       b.keys,
		Hasher:     memory.Hasher{},
		ClientID:   clientID,
		AnswerTime: time.Microsecond,
		Now:        now.Now,
	}
	if change != nil {
		change(&config)
	}
	var err error
	if b.provider, err = idp.New(config); err != nil {
		t.Fatal(err)
	}
	b.verifier = verifier(t, b.keys, now)
	return b
}

// verifier returns the verifier that the other parts of the program use for tokens.
func verifier(t testing.TB, keys *idp.Keys, now *clock) ports.TokenVerifier {
	t.Helper()
	source, err := tokens.StaticKeys(keys.KeyID(), keys.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := tokens.New(tokens.Config{
		Issuers: []tokens.Issuer{{URLs: []string{idp.Issuer}, Provider: idp.ProviderName, ClientIDs: []string{clientID}, Keys: source}},
		Now:     now.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

var newKeysOnce = sync.OnceValues(idp.NewKeys)

// oneKey returns keys that all tests share, because generating them takes a tenth of a second.
func oneKey(t testing.TB) *idp.Keys {
	t.Helper()
	keys, err := newKeysOnce()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// code returns the last code that was sent to the address.
func (b fixture) code(t *testing.T, to domain.Email) domain.Secret {
	t.Helper()
	mail, sent := b.box.Last(to)
	if !sent {
		t.Fatalf("%s got no code", to)
	}
	return mail.Secret
}

// account is an account at the fixture's provider.
type account struct {
	email    domain.Email
	password domain.Secret
	identity domain.Identity
}

// arrive creates an account.
func (b fixture) arrive(t testing.TB, email string) account {
	t.Helper()
	who := account{email: address(t, email), password: domain.NewSecret("the password of " + email)}
	made, err := b.provider.SignUp(t.Context(), who.email, who.password)
	if err != nil {
		t.Fatal(err)
	}
	who.identity = made.Identity
	return who
}

// join creates an account that can sign in.
func (b fixture) join(t *testing.T, email string) account {
	t.Helper()
	who := b.arrive(t, email)
	if mail, waits := b.box.Last(who.email); waits {
		mustDo(t, b.provider.ConfirmSignUp(t.Context(), who.email, mail.Secret))
	}
	return who
}

func (b fixture) signIn(t *testing.T, who account) ports.Tokens {
	t.Helper()
	step, err := b.provider.SignIn(t.Context(), who.email, who.password)
	mustDo(t, err)
	return step.Tokens
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// journal is a log that tests read.
type journal struct{ logbuffer.Buffer }

func (j *journal) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// records returns the logged records, a map for each.
func (j *journal) records(t *testing.T) []map[string]any {
	t.Helper()
	var records []map[string]any
	for line := range strings.Lines(j.String()) {
		var record map[string]any
		mustDo(t, json.Unmarshal([]byte(line), &record))
		records = append(records, record)
	}
	return records
}

func address(t testing.TB, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("it failed: %v", err)
	}
}

func mustBe(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}
