package porttest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Outage is a dependency that a test can make unavailable and available again.
type Outage struct {
	Dependency ports.Dependency

	// Break makes the dependency unavailable, and Restore makes it available again.
	Break, Restore func(t *testing.T)
}

// recovery is how long a dependency may take to be ready after it was restored.
const recovery = 10 * time.Second

// Dependency runs the contract of [ports.Dependency].
func Dependency(t *testing.T, open func(t *testing.T) Outage) {
	t.Run("it is ready, not while it is unavailable, and again afterwards", func(t *testing.T) {
		d := open(t)
		mustDo(t, d.Dependency.Ready(t.Context()))
		for range 2 {
			d.Break(t)
			for range 2 {
				mustBe(t, d.Dependency.Ready(t.Context()), domain.Unavailable)
			}
			d.Restore(t)
			mustRecover(t, d.Dependency)
		}
	})
	t.Run("it honours a deadline while it is unavailable", func(t *testing.T) {
		d := open(t)
		d.Break(t)
		defer d.Restore(t)
		const patience = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		began := time.Now()
		err := d.Dependency.Ready(ctx)
		if !errors.Is(err, domain.Unavailable) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	t.Run("many may ask at once", func(t *testing.T) {
		d := open(t)
		for _, err := range race(func(int) error { return d.Dependency.Ready(t.Context()) }) {
			mustDo(t, err)
		}
	})

	heedContext(t, func(ctx context.Context) error { return open(t).Dependency.Ready(ctx) })
}

func mustRecover(t *testing.T, d ports.Dependency) {
	t.Helper()
	for deadline := time.Now().Add(recovery); ; time.Sleep(50 * time.Millisecond) {
		err := d.Ready(t.Context())
		if err == nil {
			return
		}
		mustBe(t, err, domain.Unavailable)
		if time.Now().After(deadline) {
			t.Fatalf("it is not ready %v after it was restored: %v", recovery, err)
		}
	}
}
