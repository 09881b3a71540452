package setup_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
)

// TestSetupThroughPooler makes a database through a pooler, which reports a missing
// one in its own way.
func TestSetupThroughPooler(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes)
	pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword})
	cfg.Host, cfg.Port = pooler.Host, pooler.Port
	if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "made the database "+cfg.Database) {
		t.Errorf("it said:\n%s", report)
	}
	db := pgtest.Reopen(t, cfg)
	pgtest.Note(t, db, pgtest.MakeTenant(t, db, "acme"), "served")
}
