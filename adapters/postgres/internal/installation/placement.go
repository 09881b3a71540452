package installation

import (
	"context"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// Placement chooses the gates of new tenants: the one with the fewest. It counts the
// tenants of all gates now and then, and adds those that it has placed since.
type Placement struct {
	mu      sync.Mutex
	tenants []int // by gate
	counted time.Time
}

// countEvery is how long [Placement] relies on a count. Other processes make tenants, too.
const countEvery = 10 * time.Second

// Place returns the gate of the next tenant.
func (p *Placement) Place(ctx context.Context, tx *sqlx.Tx, gates int) (gate int, err error) {
	if gates == 1 {
		return 0, nil
	}
	if p.isStale(gates) {
		tenants, err := CountTenants(ctx, tx, gates)
		if err != nil {
			return 0, err
		}
		p.mu.Lock()
		p.tenants, p.counted = tenants, time.Now()
		p.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, tenants := range p.tenants {
		if tenants < p.tenants[gate] {
			gate = n
		}
	}
	p.tenants[gate]++
	return gate, nil
}

func (p *Placement) isStale(gates int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.tenants) != gates || time.Since(p.counted) > countEvery
}

// CountTenants returns how many tenants each of the first gates has.
func CountTenants(ctx context.Context, tx *sqlx.Tx, gates int) ([]int, error) {
	var found []struct{ Gate, Tenants int }
	err := tx.SelectContext(ctx, &found, `SELECT gate, count(*) AS tenants FROM partywall.tenants WHERE gate < $1 GROUP BY gate`, gates)
	tenants := make([]int, gates)
	for _, f := range found {
		tenants[f.Gate] = f.Tenants
	}
	return tenants, err
}
