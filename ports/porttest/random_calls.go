package porttest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// RandomCalls makes random calls that create, claim, change and purge tenants, and change
// memberships and invitations, from several goroutines at once.
//
// In the first half each goroutine calls for tenants of its own, and compares every answer
// with a model that does without the rules of package domain. In the second half all of
// them call for the same tenants. After each, the records of a tenant are those that its
// events describe, and the invariants of an installation hold. A seed repeats the calls of
// the first half.
func RandomCalls(t *testing.T, open func(t *testing.T) Tenancy, calls int, seed uint64) {
	t.Logf("seed %d", seed)
	each := calls / 2 / callers
	t.Run("calls for tenants of one's own have the answers of a model", func(t *testing.T) {
		s := open(t)
		log := follow(t, s.Events)
		worlds := make([]*world, callers)
		for i := range worlds {
			worlds[i] = newWorld(t, s, seed, uint64(i))
		}
		for i, w := range worlds {
			w.foreign = worlds[(i+1)%callers].tenants[0].id
		}
		atOnce(worlds, func(w *world) { w.compare(t, each) })
		events := log.end(t)
		for _, w := range worlds {
			for _, tenant := range w.tenants {
				w.mustBeAsTheModel(t, tenant)
				w.mustBeAsItsEvents(t, tenant.id, events[tenant.id])
				if got := len(events[tenant.id]); got != tenant.events {
					t.Errorf("%s has %d events, and the model %d", tenant.id, got, tenant.events)
				}
			}
			w.mustEndPurges(t)
		}
	})
	t.Run("calls for the same tenants at once leave what their events describe", func(t *testing.T) {
		s := open(t)
		log, w, another := follow(t, s.Events), newWorld(t, s, seed, callers), newWorld(t, s, seed, callers)
		w.foreign = another.tenants[0].id
		atOnce(w.crowd(seed), func(w *world) { w.make(t, each) })
		events := log.end(t)
		for _, tenant := range w.tenants {
			w.mustBeAsItsEvents(t, tenant.id, events[tenant.id])
		}
		w.mustEndPurges(t)
	})
}

// callers is how many goroutines call at once.
const callers = 8

// atOnce runs do for each world in a goroutine of its own, and waits for all.
func atOnce(worlds []*world, do func(*world)) {
	var group sync.WaitGroup
	for _, w := range worlds {
		group.Go(func() { do(w) })
	}
	group.Wait()
}

// call is a random call, and its effect in the model. An answer is a text.
type call struct {
	text string
	do   func(context.Context) (answer string, err error)
	want func() (answer string, code domain.Code)
}

// compare makes calls and compares their answers with those of the model. It stops at the
// first that differs.
func (w *world) compare(t *testing.T, calls int) {
	t.Helper()
	for n := range calls {
		c := w.next()
		got, err := c.do(t.Context())
		want, code := c.want()
		if got, want := outcome(got, codeOf(err)), outcome(want, code); got != want {
			t.Errorf("world %d, call %d: %s\ngot  %s (%v)\nwant %s", w.number, n, c.text, got, err, want)
			return
		}
	}
}

// codeOf returns the code of an error, and "" for none.
func codeOf(err error) domain.Code {
	if err == nil {
		return ""
	}
	return domain.CodeOf(err)
}

func outcome(answer string, code domain.Code) string {
	if code != "" {
		return string(code)
	}
	return "done: " + answer
}

// make makes calls, none of which may fail by a fault of the store.
func (w *world) make(t *testing.T, calls int) {
	t.Helper()
	for range calls {
		c := w.next()
		_, err := c.do(t.Context())
		if kind := domain.KindOf(err); err != nil && (kind == domain.Internal || kind == domain.Unavailable) {
			t.Errorf("%s: %v", c.text, err)
			return
		}
	}
}

// newRandom returns the source of a goroutine's calls.
func newRandom(seed, number uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, number)) }
