package fleet_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
)

// TestAPoolerOfTransactions would run each statement of a file outside of a transaction
// in another session: such files are refused there, and all others run.
func TestAPoolerOfTransactions(t *testing.T) {
	t.Parallel()
	in := behind(t, 2, uniqueNotes)
	direct := in.cfg
	pooler := realservers.PgBouncer(t, realservers.Upstream{Host: direct.Host, Port: direct.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword})
	in.cfg.Host, in.cfg.Port = pooler.Host, pooler.Port
	_, err := fleet.Run(t.Context(), in.cfg, in.sets, fleet.Options{})
	pgtest.MustBe(t, err, postgres.CodeMigrationFailed)
	pgtest.MustSay(t, err, "product/0002_file.sql runs outside of a transaction", "DB_HOST and DB_PORT of the server itself")
	in.cfg = direct
	if report := in.run(t, fleet.Options{}); report.Brought != 2 {
		t.Errorf("got %+v", report)
	}

	others := behind(t, 2, addNote)
	others.cfg.Host, others.cfg.Port = pooler.Host, pooler.Port
	if report := others.run(t, fleet.Options{}); report.Brought != 2 {
		t.Errorf("got %+v", report)
	}
}
