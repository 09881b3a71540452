package pg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/domain"
)

const long = time.Hour

func TestANeighbourWaitsForOneTurnOfAGreedyTenant(t *testing.T) {
	turns := newTurns(4)
	greedy := callers(t, turns, "greedy", 1000)
	first, second := callers(t, turns, "small", 1)[0], callers(t, turns, "tiny", 1)[0]
	turns.release(greedy[0].queue)
	mustHave(t, turns, first, "the neighbour that came first, after one turn of the greedy tenant")
	turns.release(greedy[1].queue)
	mustHave(t, turns, second, "the neighbour that came second")
	turns.release(first.queue)
	mustHave(t, turns, greedy[4], "the greedy tenant's next caller, while the neighbours have their turns")
}

func TestATenantHoldsHalfOfThePoolWhileAnotherWaits(t *testing.T) {
	for size, half := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 7: 4, 12: 6} {
		t.Run(fmt.Sprintf("%d connections", size), func(t *testing.T) {
			turns := newTurns(size)
			greedy := callers(t, turns, "greedy", 3*size)
			if held := turns.queues["greedy"].held; held != size {
				t.Fatalf("alone it holds %d of %d turns, want all", held, size)
			}
			callers(t, turns, "small", 3*size)
			for i := range size {
				turns.release(greedy[i].queue)
			}
			if held := turns.queues["greedy"].held; held != half && held != size-half {
				t.Errorf("beside another that waits it holds %d of %d turns, want half", held, size)
			}
			checkInvariants(t, turns, size)
		})
	}
}

func TestATenantHoldsNoMoreThanItsLimit(t *testing.T) {
	turns := newTurns(4)
	var limited []caller
	for range 3 {
		limited = append(limited, call(turns, "limited", 2))
	}
	if turns.free != 2 || limited[2].waiter.place == nil {
		t.Fatalf("%d turns are free and the third caller's place is %v, want 2 and a wait", turns.free, limited[2].waiter.place)
	}
	free := call(turns, "other", 0)
	mustHave(t, turns, free, "a neighbour, while the limited tenant waits for itself")
	turns.release(limited[0].queue)
	mustHave(t, turns, limited[2], "the limited tenant's third caller")
	raised := call(turns, "limited", 3)
	mustHave(t, turns, raised, "a caller who finds the limit raised")
}

func TestTurnsForgetTenants(t *testing.T) {
	turns := newTurns(2)
	for i := range 10 * keptQueues {
		turns.release(call(turns, fmt.Sprint("tenant-", i), 0).queue)
	}
	if n := len(turns.queues); n > keptQueues {
		t.Errorf("%d queues are left after all calls ended, want at most %d", n, keptQueues)
	}
}

// TestTurnsHoldAtEachStep makes random calls, and compares what the turns promise after
// each.
func TestTurnsHoldAtEachStep(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		size := 1 + random.IntN(8)
		s := &script{turns: newTurns(size), passed: make(map[string]map[string]int)}
		for range 400 {
			s.step(t, random)
			checkInvariants(t, s.turns, size)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		for len(s.waiting)+len(s.holding) > 0 {
			s.end(t, random, 0)
			checkInvariants(t, s.turns, size)
		}
		if s.turns.free != size {
			t.Fatalf("seed %d: %d of %d turns are free at the end", seed, s.turns.free, size)
		}
	}
}

// TestTurnsAreNeitherLostNorDoubled has callers give up at random times.
func TestTurnsAreNeitherLostNorDoubled(t *testing.T) {
	const size = 3
	turns := newTurns(size)
	var out atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range 300 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(200))*time.Microsecond)
				q, err := turns.take(ctx, fmt.Sprint("tenant-", i%7), i%3, time.Duration(1+random.IntN(200))*time.Microsecond)
				cancel()
				if err != nil {
					continue
				}
				if n := out.Add(1); n > size {
					t.Errorf("%d of %d turns are out", n, size)
				}
				out.Add(-1)
				turns.release(q)
			}
		})
	}
	all.Wait()
	checkInvariants(t, turns, size)
	if turns.free != size {
		t.Errorf("%d of %d turns are free at the end", turns.free, size)
	}
}

func TestAWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		holder, err := turns.take(t.Context(), "a", 0, long)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err = turns.take(t.Context(), "b", 0, 5*time.Second)
		e, ok := errors.AsType[*domain.Error](err)
		if !errors.Is(err, domain.CodeDatabaseUnavailable) || !ok || e.RetryAfter <= 0 {
			t.Errorf("after the patience: %v, want database_unavailable and when to try again", err)
		}
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited %s, want the patience of 5s", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err = turns.take(ctx, "b", 0, long); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the context: %v, want its error", err)
		}
		if turns.ring.Len() != 0 {
			t.Errorf("%d tenants wait after all waits ended", turns.ring.Len())
		}
		turns.release(holder)
	})
}

// caller has its turn if waiter is nil or has left the queue.
type caller struct {
	queue  *queue
	waiter *waiter
}

func (c caller) granted() bool { return c.waiter == nil || c.waiter.place == nil }

func call(turns *turns, tenant string, most int) caller {
	q, w := turns.join(tenant, most)
	return caller{q, w}
}

func callers(t *testing.T, turns *turns, tenant string, n int) []caller {
	t.Helper()
	all := make([]caller, n)
	for i := range all {
		all[i] = call(turns, tenant, 0)
	}
	return all
}

func mustHave(t *testing.T, turns *turns, c caller, who string) {
	t.Helper()
	if !c.granted() {
		t.Fatalf("no turn for %s; %d are free", who, turns.free)
	}
}

// checkInvariants holds after each call.
func checkInvariants(t *testing.T, turns *turns, size int) {
	t.Helper()
	held := 0
	for tenant, q := range turns.queues {
		held += q.held
		ready := q.waiting.Len() > 0 && q.mayHoldMore()
		switch {
		case q.tenant != tenant, q.held < 0:
			t.Errorf("the queue of %q is %+v", tenant, q)
		case q.most > 0 && q.held > q.most:
			t.Errorf("%q holds %d turns, more than its %d", tenant, q.held, q.most)
		case ready != (q.place != nil):
			t.Errorf("%q is in the ring: %t, and may have the next turn: %t", tenant, q.place != nil, ready)
		}
	}
	if turns.free < 0 || turns.free+held != size {
		t.Errorf("%d turns are free and %d held, of %d", turns.free, held, size)
	}
	if turns.free > 0 && turns.ring.Len() > 0 {
		t.Errorf("%d turns are free while %d tenants wait", turns.free, turns.ring.Len())
	}
}

// script is a random run.
type script struct {
	turns            *turns
	waiting, holding []caller
	passed           map[string]map[string]int // by tenant that waits: the turns of the others since
}

func (s *script) step(t *testing.T, random *rand.Rand) {
	if random.IntN(5) < 2 {
		s.end(t, random, 4)
		return
	}
	n := random.IntN(6)
	tenant, most := fmt.Sprint("tenant-", n), max(0, n-3)
	c := call(s.turns, tenant, most)
	if c.granted() {
		s.holding = append(s.holding, c)
		return
	}
	s.waiting = append(s.waiting, c)
}

// end has a holder give its turn back, or one of some waiters give up.
func (s *script) end(t *testing.T, random *rand.Rand, holders int) {
	if i := random.IntN(len(s.waiting) + 1); i < len(s.waiting) && (len(s.holding) == 0 || random.IntN(holders+1) == 0) {
		c := s.waiting[i]
		if !s.turns.leave(c.queue, c.waiter) {
			t.Error("a caller that waits has its turn")
		}
		if c.queue.place == nil {
			delete(s.passed, c.queue.tenant) // a wait that begins later is another one
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.noteGrants(t)
		return
	}
	if len(s.holding) == 0 {
		return
	}
	i := random.IntN(len(s.holding))
	q := s.holding[i].queue
	s.holding = slices.Delete(s.holding, i, i+1)
	s.turns.release(q)
	s.noteGrants(t)
}

// noteGrants compares whose turn it was with what the turns promise.
func (s *script) noteGrants(t *testing.T) {
	granted := 0
	for i := 0; i < len(s.waiting); i++ {
		c := s.waiting[i]
		if !c.granted() {
			continue
		}
		granted++
		for _, before := range s.waiting[:i] {
			if before.queue == c.queue {
				t.Errorf("a later caller of %q came first", c.queue.tenant)
			}
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.holding = append(s.holding, c)
		s.notePassed(t, c.queue)
		i--
	}
	if granted > 1 {
		t.Errorf("one call granted %d turns", granted)
	}
}

// notePassed counts a turn against the tenants that went on waiting. One that holds half
// or its limit is passed by as often as the others come.
func (s *script) notePassed(t *testing.T, q *queue) {
	delete(s.passed, q.tenant)
	others := 0
	for tenant, waits := range s.turns.queues {
		if waits == q {
			continue
		}
		if waits.place == nil || waits.held >= s.turns.half {
			delete(s.passed, tenant)
			continue
		}
		others++
		if s.passed[tenant] == nil {
			s.passed[tenant] = make(map[string]int)
		}
		if s.passed[tenant][q.tenant]++; s.passed[tenant][q.tenant] > 1 {
			t.Errorf("%q waited for two turns of %q", tenant, q.tenant)
		}
	}
	if others > 0 && q.held > s.turns.half {
		t.Errorf("%q holds %d turns, more than half, while %d others wait", q.tenant, q.held, others)
	}
}

// BenchmarkTurns compares a turn with a token of a channel, which is the least that a
// limit of connections costs.
func BenchmarkTurns(b *testing.B) {
	const size = 8
	tokens := make(chan struct{}, size)
	turns := newTurns(size)
	ways := map[string]func(){
		"a token of a channel": func() { tokens <- struct{}{}; <-tokens },
		"a turn": func() {
			if q, err := turns.take(b.Context(), "acme", 0, long); err == nil {
				turns.release(q)
			}
		},
	}
	for name, way := range ways {
		b.Run(name+", alone", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				way()
			}
		})
		b.Run(name+", 16 callers", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					way()
				}
			})
		})
	}
}
