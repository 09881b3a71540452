package contracts_test

import (
	"cmp"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports/porttest"
)

var (
	randomCalls = flag.Int("calls", 10_000, "how many calls TestRandomCalls makes")
	randomSeed  = flag.Uint64("calls.seed", 0, "the seed of TestRandomCalls; 0: a new one")
)

// TestRandomCalls also requires that each tenant has a schema and a role, and that there
// are no others.
func TestRandomCalls(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes, patient)
	open := func(t *testing.T) porttest.Tenancy { return pgtest.Tenancy(t, db, cfg) }
	porttest.RandomCalls(t, open, *randomCalls, cmp.Or(*randomSeed, rand.Uint64()))
	pgtest.MustBeWhole(t, cfg, pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.tenants`))
}
