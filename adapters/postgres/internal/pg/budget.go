package pg

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Budget bounds the connections that several pools hold together. While the pools are
// so large that they may hold more, their callers take a turn of the budget, too, and a
// pool that needs another connection has the one that was used the longest time ago
// close its idle ones.
type Budget struct {
	most  int
	short atomic.Bool // the pools may hold more than most
	turns chan struct{}

	mu    sync.Mutex
	open  int
	pools []*Pool
}

// NewBudget returns the budget of most connections. It bounds nothing until SetShort.
func NewBudget(most int) *Budget {
	return &Budget{most: most, turns: make(chan struct{}, most)}
}

// SetShort sets whether the pools may hold more connections than the budget has.
func (b *Budget) SetShort(short bool) { b.short.Store(short) }

// Join has the pool share the budget, before it is used.
func (b *Budget) Join(p *Pool) {
	p.budget, p.used, p.Connector.budget = b, new(atomic.Int64), b
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pools = append(b.pools, p)
}

// take waits for a turn of the budget, and returns what gives it back.
func (b *Budget) take(ctx context.Context, patience time.Duration) (release func(), err error) {
	if b == nil || !b.short.Load() {
		return func() {}, nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case b.turns <- struct{}{}:
		return func() { <-b.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, errPoolBusy()
	}
}

// afterRelease is how long a connection whose caller has given its turn back may take to
// become idle.
const afterRelease = 5 * time.Millisecond

// reserve waits until there is room for another connection.
func (b *Budget) reserve(ctx context.Context) error {
	for b != nil && !b.add() {
		if p := b.idlest(); p != nil {
			p.closeIdle()
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(afterRelease):
		}
	}
	return nil
}

func (b *Budget) add() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= b.most && b.short.Load() {
		return false
	}
	b.open++
	return true
}

// closed takes back what reserve gave.
func (b *Budget) closed() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
}

// idlest returns the pool with an idle connection that was used the longest time ago.
func (b *Budget) idlest() (idlest *Pool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pools {
		if p.DB.Stats().Idle > 0 && (idlest == nil || p.used.Load() < idlest.used.Load()) {
			idlest = p
		}
	}
	return idlest
}
