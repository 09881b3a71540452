package pg

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// turns hands out the connections of a pool, one turn each. Callers of one tenant wait
// in a queue of their own, first come, first served. The tenants that wait take turns,
// so that a tenant waits for at most one turn of each other tenant, however many callers
// that one has. While several tenants wait, each holds at most half of the connections,
// rounded up; a tenant that waits alone may hold all.
type turns struct {
	mu     sync.Mutex
	size   int
	half   int
	free   int               // turns to be had; 0 or less while a queue is in the ring
	queues map[string]*queue // by tenant
	ring   list.List         // of the queues whose first caller may have the next turn
}

// keptQueues is how many queues stay for the next caller of their tenant, with no turn
// and no wait. All others are removed.
const keptQueues = 64

// queue has the callers of one tenant.
type queue struct {
	tenant  string
	most    int           // turns that the tenant may hold; 0: all
	held    int           // turns that it holds
	waiting list.List     // of *waiter
	place   *list.Element // in the ring; nil: not in it
}

// waiter is a caller that waits for a turn.
type waiter struct {
	granted chan struct{} // closed with the turn
	place   *list.Element // in the queue; nil: it has its turn
}

func newTurns(size int) *turns {
	return &turns{size: size, half: (size + 1) / 2, free: size, queues: make(map[string]*queue)}
}

// resize changes how many turns there are. Those that are held stay with their callers.
func (t *turns) resize(size int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free += size - t.size
	t.size, t.half = size, (size+1)/2
	t.grantFree()
}

// take waits for a turn of the tenant, which holds no more than most at a time; 0 is no limit.
// The caller gives it back with release. A wait ends with ctx, and after patience.
func (t *turns) take(ctx context.Context, tenant string, most int, patience time.Duration) (*queue, error) {
	q, w := t.join(tenant, most)
	if w == nil {
		return q, nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.granted:
		return q, nil
	case <-ctx.Done():
		if !t.leave(q, w) {
			t.release(q)
		}
		return nil, ctx.Err()
	case <-timer.C:
		busy := t.reason(q)
		if !t.leave(q, w) {
			return q, nil
		}
		return nil, busy
	}
}

// join takes a free turn, or queues a waiter and returns it.
func (t *turns) join(tenant string, most int) (*queue, *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queueOf(tenant)
	q.most = most
	if t.free > 0 && q.waiting.Len() == 0 && q.mayHoldMore() {
		t.free--
		q.held++
		return q, nil
	}
	w := &waiter{granted: make(chan struct{})}
	w.place = q.waiting.PushBack(w)
	t.settle(q)
	return q, w
}

// release gives a turn back. A caller that waited for it runs first: it sends a statement,
// while what this one does next would leave the connection idle.
func (t *turns) release(q *queue) {
	if t.giveBack(q) {
		runtime.Gosched()
	}
}

// giveBack reports whether another caller was granted the turn.
func (t *turns) giveBack(q *queue) (granted bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	q.held--
	return t.settle(q)
}

// leave ends a wait. It reports false where the caller was granted its turn before.
func (t *turns) leave(q *queue, w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.place == nil {
		return false
	}
	q.waiting.Remove(w.place)
	t.settle(q)
	return true
}

func (t *turns) countWaiting() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range t.queues {
		n += q.waiting.Len()
	}
	return n
}

// settle puts the queue where it belongs after a change, and grants what is free.
func (t *turns) settle(q *queue) (granted bool) {
	t.place(q)
	return t.grantFree()
}

func (t *turns) grantFree() (granted bool) {
	for t.free > 0 && t.ring.Len() > 0 {
		t.grant(t.next())
		granted = true
	}
	return granted
}

// place has the queue in the ring, at its end, while its first caller may have a turn.
func (t *turns) place(q *queue) {
	ready := q.waiting.Len() > 0 && q.mayHoldMore()
	switch {
	case ready && q.place == nil:
		q.place = t.ring.PushBack(q)
	case !ready && q.place != nil:
		t.ring.Remove(q.place)
		q.place = nil
	}
	if q.held == 0 && q.waiting.Len() == 0 && len(t.queues) > keptQueues {
		delete(t.queues, q.tenant)
	}
}

// next returns the queue whose turn it is. Where a turn is free, at most one tenant
// holds half, so the one behind it holds less.
func (t *turns) next() *queue {
	first := t.ring.Front()
	if q := queueAt(first); t.ring.Len() == 1 || q.held < t.half {
		return q
	}
	return queueAt(first.Next())
}

// grant passes a turn to the queue's first caller, and moves the queue to the end of the
// ring.
func (t *turns) grant(q *queue) {
	t.free--
	q.held++
	w, _ := q.waiting.Remove(q.waiting.Front()).(*waiter)
	w.place = nil
	close(w.granted)
	t.ring.MoveToBack(q.place)
	t.place(q)
}

func (t *turns) queueOf(tenant string) *queue {
	q := t.queues[tenant]
	if q == nil {
		q = &queue{tenant: tenant}
		t.queues[tenant] = q
	}
	return q
}

func (q *queue) mayHoldMore() bool { return q.most == 0 || q.held < q.most }

func queueAt(place *list.Element) *queue { q, _ := place.Value.(*queue); return q }

// reason returns the error of a caller whom the queue keeps waiting.
func (t *turns) reason(q *queue) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !q.mayHoldMore() {
		return domain.NewError(domain.CodeTenantBusy).WithMessage("the tenant uses as many connections to the database as it may; try again")
	}
	return errPoolBusy()
}

func errPoolBusy() error {
	return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("all connections to the database are busy; try again")
}
