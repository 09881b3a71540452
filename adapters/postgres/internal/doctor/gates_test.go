package doctor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports/doctor"
)

// TestTheAdviceAboutGates makes mistakes with three gates, and does what each finding says.
func TestTheAdviceAboutGates(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes, func(cfg *postgres.Config) { cfg.MaxConns = 5 })
	pgtest.MakeTenant(t, db, "acme")
	discard := func(string) {}
	if err := postgres.SetGates(t.Context(), cfg, 3, discard); err != nil {
		t.Fatal(err)
	}

	fix := fixOf(t, cfg, "tenant-gates", doctor.Warning, "set DB_MAX_CONNS to ")
	if _, err := fmt.Sscanf(fix, "set DB_MAX_CONNS to %d or more", &cfg.MaxConns); err != nil {
		t.Fatal(err)
	}
	pgtest.MustFind(t, cfg, "tenant-gates", doctor.OK, "the fullest of 3 gates serves 1 tenants")
	fewer := cfg
	fewer.MaxConns--
	fixOf(t, fewer, "tenant-gates", doctor.Warning, fix)

	super := pgtest.Superuser(t, cfg)
	named := strings.NewReplacer("{inst}", pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`))
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	executeAll(t, owner, named.Replace(`SET ROLE pw_{inst}_maker_0; GRANT pw_{inst}_t_acme TO pw_{inst}_gate_2; RESET ROLE`))
	fixOf(t, cfg, "tenant-gates", doctor.Warning, "call app.MoveTenants")
	if report, err := postgres.MoveTenants(t.Context(), cfg, postgres.MoveOptions{Even: true}, discard); err != nil || len(report.Moves)+len(report.Failures) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	pgtest.MustFind(t, cfg, "tenant-gates", doctor.OK, "")

	pgtest.Execute(t, super, named.Replace(`ALTER ROLE pw_{inst}_gate_2 CREATEDB; ALTER ROLE pw_{inst}_gate_1 INHERIT`))
	fix = fixOf(t, cfg, "gate-rights", doctor.Error, "")
	_, statements, found := strings.Cut(fix, "REASSIGN OWNED or ")
	if !found || strings.Contains(statements, "gate_0") {
		t.Errorf("it advises %q", fix)
	}
	executeAll(t, super, statements)
	pgtest.MustFind(t, cfg, "gate-rights", doctor.OK, "")
}
