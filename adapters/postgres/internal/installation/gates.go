package installation

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// GatesLock is the transaction's advisory lock that the removal of gates holds alone. What
// gives a tenant a gate shares it.
const GatesLock = SetupLock + 2

// Gates holds a pool for each gate. How many gates there are is a fact of the database,
// which changes while the program runs, so each pool is made when it is first used.
type Gates struct {
	make   func(n, size int) *pg.Pool
	conns  int // of all gates
	budget *pg.Budget

	turn  atomic.Uint64
	pools atomic.Pointer[[]*pg.Pool] // by the gate's number, never changed in place
	count atomic.Int64

	mu sync.Mutex // held while pools or count change
}

func newGates(count, conns int, makePool func(n, size int) *pg.Pool) *Gates {
	g := &Gates{make: makePool, conns: conns, budget: pg.NewBudget(conns)}
	g.pools.Store(&[]*pg.Pool{})
	g.SetCount(count)
	return g
}

// Count returns how many gates there are, as far as the program has read.
func (g *Gates) Count() int { return int(g.count.Load()) }

// idleLife is how long a connection of one of several gates stays without a caller: a new
// one costs a log-in, and has to meet all its tenants anew.
const idleLife = 5 * time.Minute

// SetCount sets how many gates there are, and shares the connections out among them. The
// pools of gates that were removed stay: they are used no more, and close theirs.
func (g *Gates) SetCount(count int) {
	if count < 1 || count == g.Count() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	pools := slices.Clone(*g.pools.Load())
	for n := len(pools); n < count; n++ {
		pool := g.make(n, g.size(n, count))
		g.budget.Join(pool)
		pools = append(pools, pool)
	}
	total := 0
	for n, pool := range pools {
		pool.Resize(g.size(n, count), idle(count))
		if n < count {
			total += g.size(n, count)
		}
	}
	g.budget.SetShort(total > g.conns)
	g.pools.Store(&pools)
	g.count.Store(int64(count))
}

// size returns how many connections gate n of count has at most: its share, and at least
// two, so that a slow statement of one tenant does not stop the others of its gate.
func (g *Gates) size(n, count int) int {
	share := g.conns / count
	if n < g.conns%count {
		share++
	}
	return min(g.conns, max(2, share))
}

// idle returns how long a gate's connection stays without a caller. A single gate keeps
// what it has.
func idle(count int) time.Duration {
	if count == 1 {
		return 0
	}
	return idleLife
}

// Pool returns the pool of the gate, whose number comes from a tenant's row.
func (g *Gates) Pool(n int) *pg.Pool {
	if pools := *g.pools.Load(); n < len(pools) {
		return pools[n]
	}
	g.SetCount(n + 1)
	return (*g.pools.Load())[n]
}

// All returns the pools of the gates that there are.
func (g *Gates) All() []*pg.Pool {
	pools := *g.pools.Load()
	return pools[:min(g.Count(), len(pools))]
}

// InTurn returns the pool of another gate at each call.
func (g *Gates) InTurn() *pg.Pool {
	all := g.All()
	return all[g.turn.Add(1)%uint64(len(all))]
}

// close closes the connections of all pools.
func (g *Gates) close() (errs []error) {
	for _, pool := range *g.pools.Load() {
		errs = append(errs, pool.DB.Close())
	}
	return errs
}
