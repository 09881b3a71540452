package events

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Handler handles an event. It may get an event again that it has handled: after a
// lost connection, or when a process ends before the result is recorded.
type Handler func(ctx context.Context, event domain.Event) error

const (
	leaseTime = 30 * time.Second
	batchSize = 100

	// MaxFailures is how often a handler fails until its event is set aside.
	MaxFailures = 10

	firstRetry = time.Second // then 4 s, 16 s and so on
	maxRetry   = time.Hour
)

var consumerName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,62}$`)

// ownPrefix begins the names of Partywall's own consumers. A product that used one would
// take their events.
const ownPrefix = "partywall."

// Consume calls handle with every event of all tenants, until ctx is done. Then it
// returns nil. The store keeps the position of a consumer under its name: a new name
// starts with the oldest event, and any other continues at its position, in each
// process. Of the processes that consume by one name, one works at a time.
//
// Every event is delivered at least once. The events of one tenant come in the order
// of their positions. An error of handle delays only the events of that tenant: the
// event is delivered again after a second, and after longer pauses up to an hour. An
// event whose error is [domain.Invalid], or that failed [MaxFailures] times, is set
// aside for the operator, and the tenant's next events go on. The context of handle
// ends when another process takes over, as after an outage of the database.
//
// An invalid name is [domain.Invalid] on field "consumer", and so is one that begins with
// "partywall.": those are Partywall's own. A nil handle is [domain.Invalid] on field "handle".
func (s *Service) Consume(ctx context.Context, name string, handle Handler) error {
	switch {
	case !consumerName.MatchString(name):
		return domain.Invalidf("consumer", "a consumer's name has 1 to 63 of a-z, 0-9, \".\", \"_\" and \"-\", and starts with a letter")
	case strings.HasPrefix(name, ownPrefix):
		return domain.Invalidf("consumer", "the names of consumers that begin with %q are Partywall's own; choose another name", ownPrefix)
	case handle == nil:
		return domain.Invalidf("handle", "a consumer has a function that handles the events")
	}
	s.consume(ctx, name, handle)
	return nil
}

// ConsumeAsOwn is [Service.Consume] for a consumer of Partywall's own, whose name is put
// behind "partywall.".
func (s *Service) ConsumeAsOwn(ctx context.Context, name string, handle Handler) {
	s.consume(ctx, ownPrefix+name, handle)
}

func (s *Service) consume(ctx context.Context, name string, handle Handler) {
	c := consumer{s, ports.EventLease{Consumer: name, Holder: rand.Text(), Duration: leaseTime}, handle}
	defer c.release(ctx)
	pause := pauses{longest: s.idlePause()}
	for ctx.Err() == nil {
		worked, err := c.deliverNext(ctx)
		if errors.Is(err, ports.ErrLeaseLost) {
			err = nil // another process works
		}
		if err != nil {
			s.reportUnlessDone(ctx, fmt.Errorf("consume events as %s: %w", name, err))
		}
		pause.after(ctx, worked, err)
	}
}

// consumer is a process that works for a consumer, or waits for its turn.
type consumer struct {
	*Service
	lease  ports.EventLease
	handle Handler
}

// release lets another process take over at once.
func (c consumer) release(ctx context.Context) {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = c.Consumers.Release(ctx, c.lease) // else the lease ends by itself
}

// deliverNext delivers the next events. It reports whether there were any.
func (c consumer) deliverNext(ctx context.Context) (worked bool, err error) {
	acquired, err := c.Consumers.Acquire(ctx, c.lease)
	if err != nil || !acquired {
		return false, err
	}
	batch, err := c.Consumers.Next(ctx, c.lease, batchSize)
	if err != nil {
		return false, err
	}
	delayed := map[domain.TenantID]bool{}
	for _, d := range batch {
		if delayed[d.Event.Tenant] {
			continue // it waits for the event that failed
		}
		if delayed[d.Event.Tenant], err = c.deliver(ctx, d); err != nil {
			return true, err
		}
	}
	return len(batch) > 0, nil
}

// deliver delivers one event and records the result. It reports whether the tenant's
// next events wait for this one. They do not wait for an event that was set aside, and
// whose retry fails: the store sets it aside again.
func (c consumer) deliver(ctx context.Context, d ports.EventDelivery) (delayed bool, err error) {
	err = c.call(ctx, d.Event)
	if ctx.Err() != nil {
		if err == nil {
			err = c.Consumers.Settle(context.WithoutCancel(ctx), c.lease, d.Event, ports.EventResult{})
		}
		return false, cmp.Or(err, ctx.Err())
	}
	if errors.Is(err, ports.ErrLeaseLost) {
		return false, err
	}
	result := resultOf(err, d.Failures+1)
	if err != nil {
		c.report(fmt.Errorf("consumer %s, event %d (%s of %s), attempt %d, %s: %w", c.lease.Consumer, d.Event.ID, d.Event.Kind, d.Event.Tenant, d.Failures+1, outcome(result), err))
	}
	return err != nil && !result.SetAside && !d.Retry, c.Consumers.Settle(ctx, c.lease, d.Event, result)
}

// resultOf returns the result of a delivery that is the event's failures-th failure,
// if err is not nil.
func resultOf(err error, failures int) ports.EventResult {
	if err == nil {
		return ports.EventResult{}
	}
	result := ports.EventResult{Failure: printable(err.Error()), SetAside: domain.KindOf(err) == domain.Invalid || failures >= MaxFailures}
	if !result.SetAside {
		result.RetryAfter = retryAfter(err, failures)
	}
	return result
}

// outcome describes what follows a failure.
func outcome(failed ports.EventResult) string {
	if failed.SetAside {
		return "set aside for the operator"
	}
	return "retrying in " + failed.RetryAfter.String()
}

// printable returns text that every store takes.
func printable(text string) string {
	const longest = 1000
	return cmp.Or(domain.StoredText(text, longest), "failed")
}

// retryAfter returns the pause after a failure: each is four times as long as the one
// before, and as long as err asks for.
func retryAfter(err error, failures int) time.Duration {
	pause := firstRetry
	for range failures - 1 {
		pause = min(4*pause, maxRetry)
	}
	if e, ok := errors.AsType[*domain.Error](err); ok && e != nil {
		pause = min(max(pause, e.RetryAfter), maxRetry)
	}
	return pause
}

// call calls the handler, and extends the lease meanwhile. A panic is an error.
func (c consumer) call(ctx context.Context, event domain.Event) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		err := errEndedGoroutine
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
			done <- err
		}()
		if err = c.handle(ctx, event); err != nil {
			_ = err.Error() // that of a nil pointer panics: here, where that is a failure
		}
	}()
	extended := time.Now()
	ticker := time.NewTicker(leaseTime / 3)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			if errors.Is(context.Cause(ctx), ports.ErrLeaseLost) {
				return ports.ErrLeaseLost
			}
			return err
		case now := <-ticker.C:
			acquired, err := c.Consumers.Acquire(ctx, c.lease)
			switch {
			case err == nil && acquired:
				extended = now
			case err == nil, now.Sub(extended) >= leaseTime*2/3:
				cancel(ports.ErrLeaseLost)
			}
		}
	}
}

// errEndedGoroutine is the error of a handler that calls [runtime.Goexit], as a test's
// FailNow does.
var errEndedGoroutine = errors.New("the handler ended its goroutine")
