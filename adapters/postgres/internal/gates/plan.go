package gates

import (
	"cmp"
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// Move is what happens to one tenant.
type Move struct {
	Tenant   domain.TenantID
	From, To int
}

// plan reads where the tenants are, and chooses those that have to move.
func (m *mover) plan(ctx context.Context, tx *sqlx.Tx) ([]Move, error) {
	tenants, err := m.read(ctx, tx)
	if err != nil || m.options.Even {
		return even(tenants, m.gates), err
	}
	var moves []Move
	for _, t := range tenants {
		if t.From != m.options.To {
			moves = append(moves, Move{t.Tenant, t.From, m.options.To})
		}
	}
	return moves, nil
}

// read returns the tenants that may move, each with its gate, in the order of their IDs.
func (m *mover) read(ctx context.Context, tx *sqlx.Tx) (tenants []Move, err error) {
	var found []struct {
		ID   string
		Gate int
	}
	if err := tx.SelectContext(ctx, &found, `SELECT id, gate FROM partywall.tenants ORDER BY id`); err != nil {
		return nil, err
	}
	all, named := m.options.All || m.options.Even, make(map[domain.TenantID]bool)
	for _, id := range m.options.Tenants {
		named[id] = true
	}
	for _, f := range found {
		id, err := domain.ParseTenantID(f.ID)
		if err != nil {
			return nil, err
		}
		if all || named[id] {
			tenants = append(tenants, Move{Tenant: id, From: f.Gate})
			delete(named, id)
		}
	}
	for _, id := range m.options.Tenants {
		if named[id] {
			return nil, domain.NewError(domain.CodeTenantNotFound).WithMessage("there is no tenant %s", id)
		}
	}
	return tenants, nil
}

// even returns the fewest moves after which no gate has two tenants more than another.
func even(tenants []Move, gates int) []Move {
	has := make([]int, gates)
	for _, t := range tenants {
		if t.From < gates {
			has[t.From]++
		}
	}
	may := shares(has, len(tenants))
	var moves []Move
	to := 0
	kept := make([]int, gates)
	for _, t := range tenants {
		if t.From < gates && kept[t.From] < may[t.From] {
			kept[t.From]++
			continue
		}
		for has[to] >= may[to] {
			to++
		}
		has[to]++
		moves = append(moves, Move{t.Tenant, t.From, to})
	}
	return moves
}

// shares returns how many of the tenants each gate has in the end. The gates that have
// the most keep one more than the others, where the number does not divide.
func shares(has []int, tenants int) []int {
	order := make([]int, len(has))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(has[b], has[a]) })
	may := make([]int, len(has))
	for place, n := range order {
		may[n] = tenants / len(has)
		if place < tenants%len(has) {
			may[n]++
		}
	}
	return may
}
