// Package porttest is the promise of each port as a test suite: one function a
// port, one sentence a subtest. Whoever writes an adapter writes one call.
//
//	func TestTenantStore(t *testing.T) {
//		porttest.TenantStore(t, func(t *testing.T) porttest.Tenancy { ... })
//	}
//
// Every subtest opens what it tests anew, and makes up the IDs, addresses and
// keys that it uses. So what open returns needn't be empty, and may be the same
// each time; but nobody else may change it meanwhile.
//
// Some suites run on systems that stand in for others: an emulator of Cognito,
// a small S3 server. What such a system can't vouch for is named by [Feature],
// and its subtests don't run.
package porttest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Feature is something that a system behind an adapter may be unable to show.
type Feature string

// racers is how many do the same thing at once where only one may succeed.
const racers = 50

// soon and past are the life of what is to expire within a test, and how long
// the test waits to be sure that it has.
const (
	soon = time.Millisecond
	past = 25 * time.Millisecond
)

// newTenantID makes an ID up, which starts with prefix.
func newTenantID(t *testing.T, prefix string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(prefix + "-" + unique())
	mustDo(t, err)
	return id
}

// newIdentity makes somebody up.
func newIdentity(t *testing.T) domain.Identity {
	t.Helper()
	who, err := domain.NewIdentity("porttest", unique())
	mustDo(t, err)
	return who
}

// newEmail makes an address up, with capitals that an adapter must keep.
func newEmail(t *testing.T) domain.Email {
	t.Helper()
	return email(t, "Ada."+unique()+"@example.com")
}

// twoForms makes an address up that is written in two forms: with its domain in
// Unicode, and in ASCII.
func twoForms(t *testing.T) [2]domain.Email {
	t.Helper()
	local := "ada." + unique()
	return [2]domain.Email{email(t, local+"@m\u00fcnchen.example"), email(t, local+"@xn--mnchen-3ya.example")}
}

func email(t *testing.T, s string) domain.Email {
	t.Helper()
	address, err := domain.ParseEmail(s)
	mustDo(t, err)
	return address
}

func newHash() domain.TokenHash { return domain.NewSecret(rand.Text()).Hash() }

func unique() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// race calls do racers times at once and returns the errors in the order of i.
func race(do func(i int) error) []error {
	errs := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// mustWinOnce fails unless exactly one of errs is nil and the others are one of
// losses. It returns the winner.
func mustWinOnce(t *testing.T, errs []error, losses ...error) int {
	t.Helper()
	winner := slices.Index(errs, nil)
	if winner < 0 {
		t.Fatalf("nobody succeeded: %v", errs[0])
	}
	for i, err := range errs {
		switch {
		case i == winner:
		case err == nil:
			t.Fatalf("both %d and %d succeeded", winner, i)
		default:
			mustBe(t, err, losses...)
		}
	}
	return winner
}

// mustDo fails if err isn't nil.
func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("it failed: %v", err)
	}
}

// mustBe fails unless err is a [*domain.Error] of one of the kinds or codes in
// want. What its causes are doesn't count: the caller is told of the first.
func mustBe(t *testing.T, err error, want ...error) {
	t.Helper()
	if err == nil {
		t.Fatalf("it succeeded, want %v", want)
	}
	if _, ok := errors.AsType[*domain.Error](err); !ok {
		t.Fatalf("got %T %v, want a *domain.Error", err, err)
	}
	if !slices.Contains(want, error(domain.KindOf(err))) && !slices.Contains(want, error(domain.CodeOf(err))) {
		t.Fatalf("got %v, want %v", err, want)
	}
	mustFitItsCode(t, err)
}

// mustFitItsCode fails unless the error has the kind and the field that all errors
// of its code have.
func mustFitItsCode(t *testing.T, err error) {
	t.Helper()
	e, _ := errors.AsType[*domain.Error](err)
	d, defined := domain.CodeOf(e).Definition()
	if defined && (e.Kind != d.Kind || e.Field != d.Field && !d.FieldVaries) {
		t.Fatalf("the error %s is %v on field %q, want %v on %q: %v", domain.CodeOf(e), e.Kind, e.Field, d.Kind, d.Field, err)
	}
}

// mustBeOn is mustBe, and the error is about the field.
func mustBeOn(t *testing.T, err error, field string, want error) {
	t.Helper()
	mustBe(t, err, want)
	if e, _ := errors.AsType[*domain.Error](err); e.Field != field {
		t.Fatalf("the error is on field %q, want %q: %v", e.Field, field, err)
	}
}

// mustBeRecent fails unless when is about now, and in UTC.
func mustBeRecent(t *testing.T, when time.Time) {
	t.Helper()
	mustBeNear(t, when, time.Now())
}

func mustBeNear(t *testing.T, when, want time.Time) {
	t.Helper()
	if when.Location() != time.UTC {
		t.Errorf("%v isn't in UTC", when)
	}
	if off := when.Sub(want).Abs(); off > time.Minute {
		t.Errorf("got %v, which is %v off", when, off)
	}
}

// mustHide fails if err tells one of the secrets.
func mustHide(t *testing.T, err error, secrets ...domain.Secret) {
	t.Helper()
	for _, secret := range secrets {
		if err != nil && strings.Contains(err.Error(), secret.Reveal()) {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

// runIf runs the subtest where the system behind the adapter can show it.
func runIf(t *testing.T, can bool, sentence string, test func(t *testing.T)) {
	t.Helper()
	if can {
		t.Run(sentence, test)
	}
}

// call is a method of a port with some arguments.
type call struct {
	name string
	do   func(ctx context.Context) error
}

// heedContext checks that each call gives the context's own error once that is done.
func heedContext(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name+" gives a cancelled context's own error", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.do(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
		})
		t.Run(c.name+" gives a late context's own error", func(t *testing.T) {
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			if err := c.do(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
			}
		})
	}
}

// refuseZero checks that each call, which lacks the field, is invalid on it.
func refuseZero(t *testing.T, field string, calls []call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name+" is invalid", func(t *testing.T) { mustBeOn(t, c.do(t.Context()), field, domain.Invalid) })
	}
}
