package events_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/ports"
)

// inbox keeps the events that a consumer handled.
type inbox struct {
	mu     sync.Mutex
	events []domain.Event
}

func (b *inbox) add(e domain.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

func (b *inbox) of(id string) (all []domain.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Tenant == tenantID(id) {
			all = append(all, e)
		}
	}
	return all
}

// consume consumes until the test ends, or stop is called.
func (in installation) consume(t *testing.T, name string, handle events.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { in.Sequence(ctx) })
	running.Go(func() {
		if err := in.Consume(ctx, name, handle); err != nil {
			t.Errorf("Consume: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func (in installation) state(t *testing.T, name string) ports.EventConsumer {
	t.Helper()
	for _, state := range domain.Must(in.States(t.Context(), access.Installation())) {
		if state.Name == name {
			return state
		}
	}
	t.Fatalf("there is no consumer %s", name)
	return ports.EventConsumer{}
}

func (in installation) hasSetAside(t *testing.T, name string, n int) bool {
	t.Helper()
	for _, state := range domain.Must(in.States(t.Context(), access.Installation())) {
		if state.Name == name {
			return len(state.SetAside) == n
		}
	}
	return false
}

func TestAConsumerGetsEveryEventInOrderAndGoesOnWhereItWas(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	handle := func(_ context.Context, e domain.Event) error { got.add(e); return nil }
	in.create(t, "acme")
	in.join(t, "acme", 5)
	stop := in.consume(t, "mail", handle)
	waitUntil(t, func() bool { return len(got.of("acme")) == 6 })
	stop()
	in.create(t, "bolt")
	in.consume(t, "mail", handle)
	waitUntil(t, func() bool { return len(got.of("bolt")) == 1 })
	if all := got.of("acme"); len(all) != 6 || !slices.IsSortedFunc(all, func(a, b domain.Event) int { return int(a.Position - b.Position) }) {
		t.Errorf("got %+v", all)
	}
}

func TestOfSeveralProcessesOneConsumes(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	var mu sync.Mutex
	working := 0
	handle := func(_ context.Context, e domain.Event) error {
		mu.Lock()
		if working++; working > 1 {
			t.Error("two are at work")
		}
		mu.Unlock()
		time.Sleep(time.Millisecond)
		got.add(e)
		mu.Lock()
		working--
		mu.Unlock()
		return nil
	}
	stops := []func(){in.consume(t, "mail", handle), in.consume(t, "mail", handle), in.consume(t, "mail", handle)}
	for i := range 10 {
		in.create(t, "t"+string(rune('a'+i)))
		if i%4 == 3 {
			stops[i/4]() // another takes over
		}
	}
	waitUntil(t, func() bool { return len(got.of("acme")) > 0 }) // the consumer exists
	waitUntil(t, func() bool { return in.state(t, "mail").Lag == 0 })
	if n := len(got.events); n != 11 {
		t.Errorf("got %d events", n)
	}
}

func TestAFailureDelaysItsTenantAlone(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	for _, id := range []string{"bad", "good"} {
		in.create(t, id)
		in.join(t, id, 2)
	}
	var reported sync.Map
	in.Report = func(err error) { reported.Store(err.Error(), true) }
	failures := 0
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error {
		if e.Tenant == tenantID("bad") && failures == 0 {
			failures++
			return errors.New("the mail server is busy")
		}
		got.add(e)
		return nil
	})
	waitUntil(t, func() bool { return len(got.of("good")) == 3 })
	if n := len(got.of("bad")); n != 0 {
		t.Errorf("%d events of the tenant that failed came before their time", n)
	}
	waitUntil(t, func() bool { return len(got.of("bad")) == 3 })
	if all := got.of("bad"); !slices.IsSortedFunc(all, func(a, b domain.Event) int { return int(a.Position - b.Position) }) {
		t.Errorf("got %+v", all)
	}
	said := ""
	reported.Range(func(text, _ any) bool { said += text.(string); return true })
	for _, part := range []string{"mail", "tenant.created", "bad", "attempt 1, retrying in 1s", "the mail server is busy"} {
		if !strings.Contains(said, part) {
			t.Errorf("the report lacks %q: %s", part, said)
		}
	}
}

func TestAnInvalidEventIsSetAsideUntilTheOperatorRetriesIt(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	in.join(t, "acme", 1)
	var mu sync.Mutex
	repaired := false
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == domain.EventTenantCreated && !repaired {
			return domain.Invalidf("email", "no such address\x00\xff")
		}
		got.add(e)
		return nil
	})
	waitUntil(t, func() bool { return len(got.of("acme")) == 1 && len(in.state(t, "mail").SetAside) == 1 })
	if aside := in.state(t, "mail").SetAside[0]; aside.Event.Kind != domain.EventTenantCreated || !strings.Contains(aside.Failure, "no such address??") {
		t.Errorf("got %+v", aside)
	}
	mu.Lock()
	repaired = true
	mu.Unlock()
	if n, err := in.Retry(t.Context(), access.Installation(), "mail"); n != 1 || err != nil {
		t.Fatalf("retry: %d, %v", n, err)
	}
	waitUntil(t, func() bool { return len(got.of("acme")) == 2 && len(in.state(t, "mail").SetAside) == 0 })
}

func TestAFailedRetryDelaysNoOtherEvent(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	stop := in.consume(t, "mail", func(context.Context, domain.Event) error { return domain.Invalidf("email", "no such address") })
	waitUntil(t, func() bool { return in.hasSetAside(t, "mail", 1) })
	stop()
	in.join(t, "acme", 2)
	in.create(t, "bolt")
	domain.Must(in.Retry(t.Context(), access.Installation(), "mail"))
	domain.Must(in.ListAll(t.Context(), access.Installation(), domain.TenantID{}, events.Query{})) // numbers the events
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error {
		if e.Kind == domain.EventTenantCreated && e.Tenant == tenantID("acme") {
			return errors.New("the mail server is busy")
		}
		got.add(e)
		return nil
	})
	waitUntil(t, func() bool { return len(got.of("bolt")) == 1 && in.state(t, "mail").Lag == 0 })
	if all := got.of("acme"); len(all) != 2 {
		t.Errorf("got %d events of the tenant whose retry failed, want 2", len(all))
	}
	if !in.hasSetAside(t, "mail", 1) {
		t.Error("the event whose retry failed is not set aside")
	}
}

func TestAPanicAndAnEndedGoroutineAreFailures(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	in.create(t, "bolt")
	ended := map[domain.TenantID]bool{}
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error {
		if !ended[e.Tenant] {
			if ended[e.Tenant] = true; e.Tenant == tenantID("acme") {
				panic("no")
			}
			runtime.Goexit()
		}
		got.add(e)
		return nil
	})
	waitUntil(t, func() bool { return len(got.of("acme")) == 1 && len(got.of("bolt")) == 1 })
}

func TestAnEventWhoseProcessEndsIsDeliveredAgain(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	entered := make(chan struct{})
	stop := in.consume(t, "mail", func(ctx context.Context, _ domain.Event) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	})
	<-entered
	stop()
	if state := in.state(t, "mail"); state.Lag != 1 || state.Laggards != 0 {
		t.Errorf("the state is %+v", state)
	}
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error { got.add(e); return nil })
	waitUntil(t, func() bool { return len(got.of("acme")) == 1 })
}

func TestAConsumerThatStopsHandlesNoOtherEvent(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme")
	in.join(t, "acme", 3)
	domain.Must(in.ListAll(t.Context(), access.Installation(), domain.TenantID{}, events.Query{})) // numbers the events
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	err := in.Consume(ctx, "mail", func(context.Context, domain.Event) error {
		calls++
		stop()
		return nil
	})
	if state := in.state(t, "mail"); err != nil || calls != 1 || state.Lag != 3 {
		t.Errorf("%d calls, %+v, %v", calls, state, err)
	}
}

func TestAConsumerOutlivesAnOutage(t *testing.T) {
	in, got := newInstallation(), &inbox{}
	in.create(t, "acme")
	var failed atomic.Bool
	in.Report = func(err error) {
		if strings.HasPrefix(err.Error(), "consume events as mail: ") && errors.Is(err, domain.Unavailable) {
			failed.Store(true)
		}
	}
	in.db.Break()
	in.consume(t, "mail", func(_ context.Context, e domain.Event) error { got.add(e); return nil })
	waitUntil(t, failed.Load)
	in.db.Restore()
	waitUntil(t, func() bool { return len(got.of("acme")) == 1 })
}

func TestAConsumerHasAName(t *testing.T) {
	in := newInstallation()
	for _, name := range []string{"", "Mail", "a b", "1st", strings.Repeat("a", 64), "partywall.mails", "partywall.mine"} {
		if err := in.Consume(t.Context(), name, func(context.Context, domain.Event) error { return nil }); !errors.Is(err, domain.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAConsumerHasAFunction(t *testing.T) {
	in := newInstallation()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := in.Consume(ctx, "billing", nil)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "handle" {
		t.Errorf("got %v", err)
	}
	if states := domain.Must(in.States(t.Context(), access.Installation())); len(states) > 0 {
		t.Errorf("it left %+v", states)
	}
}

// TestANilPointerAsAnErrorIsAFailure returns the error that a Go program makes by mistake
// where a function of a pointer type returns nil.
func TestANilPointerAsAnErrorIsAFailure(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme")
	in.consume(t, "billing", func(context.Context, domain.Event) error {
		var refused *domain.Error
		return refused
	})
	waitUntil(t, func() bool {
		for _, state := range domain.Must(in.States(t.Context(), access.Installation())) {
			if state.Name == "billing" && state.Laggards == 1 {
				return true
			}
		}
		return false
	})
}

func TestTheResultOfAFailure(t *testing.T) {
	busy := errors.New("busy")
	for failures, want := range map[int]time.Duration{1: time.Second, 2: 4 * time.Second, 6: 1024 * time.Second, 7: time.Hour, 9: time.Hour} {
		if got := events.ResultOf(busy, failures); got.SetAside || got.RetryAfter != want || got.Failure != "busy" {
			t.Errorf("failure %d: got %+v", failures, got)
		}
	}
	if got := events.ResultOf(busy, events.MaxFailures); !got.SetAside {
		t.Errorf("the last failure: got %+v", got)
	}
	if got := events.ResultOf(domain.Limitedf(time.Minute, "slow down"), 1); got.SetAside || got.RetryAfter != time.Minute {
		t.Errorf("with a time to wait: got %+v", got)
	}
	if got := events.ResultOf(errors.New(strings.Repeat("é", 5000)), 1); len(got.Failure) > 1001 {
		t.Errorf("a long text has %d bytes", len(got.Failure))
	}
	if got := events.ResultOf(nil, 1); got != (ports.EventResult{}) {
		t.Errorf("a success: got %+v", got)
	}
}
