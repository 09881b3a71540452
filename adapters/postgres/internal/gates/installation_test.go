package gates_test

import (
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// installation is one with tenants that write notes.
type installation struct {
	db    *postgres.DB
	cfg   postgres.Config
	super *sqlx.DB
	ids   []domain.TenantID
}

// install makes tenants while there is one gate.
func install(t *testing.T, tenants int, changes ...func(*postgres.Config)) *installation {
	t.Helper()
	named := func(cfg *postgres.Config) { cfg.Program = "shop" }
	db, cfg := pgtest.Open(t, append(changes, pgtest.WithNotes, named)...)
	in := &installation{db: db, cfg: cfg, super: pgtest.Superuser(t, cfg)}
	for n := range tenants {
		in.ids = append(in.ids, pgtest.MakeTenant(t, db, fmt.Sprintf("t%02d", n)))
	}
	return in
}

func (in *installation) set(t *testing.T, count int) {
	t.Helper()
	if err := postgres.SetGates(t.Context(), in.cfg, count, discard); err != nil {
		t.Fatal(err)
	}
}

func (in *installation) move(t *testing.T, options postgres.MoveOptions) postgres.MoveReport {
	t.Helper()
	report, err := postgres.MoveTenants(t.Context(), in.cfg, options, discard)
	if err != nil || len(report.Failures) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	return report
}

// tenantsOf returns how many tenants each gate has, by their rows.
func (in *installation) tenantsOf(t *testing.T) string {
	t.Helper()
	return pgtest.Query[string](t, in.super, `SELECT coalesce(string_agg(gate || ':' || n, ' ' ORDER BY gate), '') FROM (SELECT gate, count(*) AS n FROM partywall.tenants GROUP BY gate) g`)
}

// roles returns the gates that may become each tenant's role, for the tenants whose role
// is not their own gate's alone.
func (in *installation) stray(t *testing.T) string {
	t.Helper()
	return pgtest.Query[string](t, in.super, `
		SELECT coalesce(string_agg(id || ' ' || gates, ', ' ORDER BY id), '') FROM (
			SELECT t.id, t.gate, coalesce(string_agg(substr(g.rolname, 18), ' '), '') AS gates
			FROM partywall.installation i, partywall.tenants t
			JOIN pg_roles r ON r.rolname LIKE 'pw\_%\_t\_' || t.id
			LEFT JOIN (pg_auth_members m JOIN pg_roles g ON g.oid = m.member AND g.rolname LIKE '%\_gate\_%') ON m.roleid = r.oid
			WHERE r.rolname = 'pw_' || i.inst || '_t_' || t.id GROUP BY 1, 2
		) f WHERE gates <> gate::text`)
}

func (in *installation) mustServeAll(t *testing.T, db *postgres.DB) {
	t.Helper()
	for _, id := range in.ids {
		pgtest.Note(t, db, id, "served")
		if _, err := db.Tenants().Probe(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func discard(string) {}
