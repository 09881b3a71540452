// Package porttest is the contract of each port as a test suite: one function a
// port, one sentence a subtest. The test of an adapter is one call.
//
//	func TestTenantStore(t *testing.T) {
//		porttest.TenantStore(t, func(t *testing.T) porttest.Tenancy { ... })
//	}
//
// Every subtest opens what it tests anew, and creates the IDs, addresses and
// keys that it uses. So the result of open may have contents, and may be the same
// each time; but no other test may change it meanwhile.
//
// Some suites run on emulators of other systems: an emulator of Cognito,
// a small S3 server. A [Feature] names what such a system does not implement,
// and its subtests do not run.
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

// Feature is a promise that a system behind an adapter may not implement.
type Feature string

// racers is how many callers do the same at once where only one may succeed.
const racers = 50

// soon and past are the life of what is to expire within a test, and how long
// the test waits to be sure that it has.
const (
	soon = time.Millisecond
	past = 25 * time.Millisecond
)

// newTenantID returns a new ID that starts with prefix.
func newTenantID(t *testing.T, prefix string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(prefix + "-" + unique())
	mustDo(t, err)
	return id
}

// newIdentity returns a new identity.
func newIdentity(t *testing.T) domain.Identity {
	t.Helper()
	who, err := domain.NewIdentity("porttest", unique())
	mustDo(t, err)
	return who
}

// newEmail returns a new address, with capitals that an adapter must keep.
func newEmail(t *testing.T) domain.Email {
	t.Helper()
	return email(t, "Ada."+unique()+"@example.com")
}

// twoForms returns a new address that is written in two forms: with its domain in
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
		t.Fatalf("none succeeded: %v", errs[0])
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

// mustDo fails if err is not nil.
func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("it failed: %v", err)
	}
}

// mustBe fails unless err is a [*domain.Error] of one of the kinds or codes in
// want. Its causes do not count, because the caller reads the first.
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

// mustBeOn is mustBe for an error on the field.
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
		t.Errorf("%v is not in UTC", when)
	}
	if off := when.Sub(want).Abs(); off > time.Minute {
		t.Errorf("got %v, which is %v off", when, off)
	}
}

// mustHide fails if err contains one of the secrets.
func mustHide(t *testing.T, err error, secrets ...domain.Secret) {
	t.Helper()
	for _, secret := range secrets {
		if err != nil && strings.Contains(err.Error(), secret.Reveal()) {
			t.Errorf("the error contains a secret: %v", err)
		}
	}
}

// runIf runs the subtest if the system behind the adapter implements the feature.
func runIf(t *testing.T, can bool, sentence string, test func(t *testing.T)) {
	t.Helper()
	if can {
		t.Run(sentence, test)
	}
}

// heedContext checks that a call returns the own error of a context that is done. One
// call stands for all methods of an adapter, which translates its errors in one place.
func heedContext(t *testing.T, call func(ctx context.Context) error) {
	t.Helper()
	t.Run("a call returns the own error of a context that is cancelled, or past its deadline", func(t *testing.T) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		for ctx, want := range map[context.Context]error{cancelled: context.Canceled, late: context.DeadlineExceeded} {
			if err := call(ctx); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
