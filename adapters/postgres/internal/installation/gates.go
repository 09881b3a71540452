package installation

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// GatesLock is the transaction's advisory lock that the removal of gates holds alone. What
// gives a tenant a gate shares it.
const GatesLock = SetupLock + 2

// Gates holds a pool for each gate. How many gates there are is a fact of the database,
// which changes while the program runs, so each pool is made when it is first used.
type Gates struct {
	make  func(n int) *pg.Pool
	turn  atomic.Uint64
	pools atomic.Pointer[[]*pg.Pool] // by the gate's number, never changed in place
	count atomic.Int64

	mu sync.Mutex // held while pools or count change
}

func newGates(count int, makePool func(n int) *pg.Pool) *Gates {
	g := &Gates{make: makePool}
	g.pools.Store(&[]*pg.Pool{})
	g.SetCount(count)
	return g
}

// Count returns how many gates there are, as far as the program has read.
func (g *Gates) Count() int { return int(g.count.Load()) }

// SetCount sets how many gates there are.
func (g *Gates) SetCount(count int) {
	if count < 1 || count == g.Count() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count.Store(int64(count))
	g.extend(count)
}

// extend makes the pools of the first count gates. Pools of gates that were removed stay:
// they are used no more, and close their connections.
func (g *Gates) extend(count int) {
	pools := slices.Clone(*g.pools.Load())
	for n := len(pools); n < count; n++ {
		pools = append(pools, g.make(n))
	}
	g.pools.Store(&pools)
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
