package gates_test

import (
	"sync"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

func TestAMoveNeedsOneSelectionOfTenants(t *testing.T) {
	t.Parallel()
	in := install(t, 2)
	in.set(t, 2)
	for what, options := range map[string]postgres.MoveOptions{
		"nothing":                        {To: 1},
		"an empty list":                  {Tenants: in.ids[:0], To: 1},
		"a list and all":                 {Tenants: in.ids, All: true, To: 1},
		"a list, spread evenly":          {Tenants: in.ids, Even: true},
		"all, spread evenly":             {All: true, Even: true},
		"to one gate, spread evenly":     {Even: true, To: 1},
		"over some gates, to one":        {All: true, To: 1, Gates: 2},
		"over a negative number of them": {Even: true, Gates: -1},
	} {
		_, err := postgres.MoveTenants(t.Context(), in.cfg, options, discard)
		if domain.KindOf(err) != domain.Invalid {
			t.Errorf("%s: %v, want a refusal", what, err)
		}
	}
	if got := in.tenantsOf(t); got != "0:2" {
		t.Errorf("a refused move moved tenants: %s", got)
	}
}

func TestTenantsMoveBetweenGates(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t, 5, change)
			in.set(t, 3)
			if got := in.tenantsOf(t); got != "0:5" {
				t.Errorf("setting the number moves tenants: %s", got)
			}
			in.mustServeAll(t, in.db)

			if report := in.move(t, postgres.MoveOptions{Even: true, DryRun: true}); len(report.Moves) != 3 || report.Moved != 0 || in.tenantsOf(t) != "0:5" {
				t.Errorf("a dry run gives %+v, %s", report, in.tenantsOf(t))
			}
			if report := in.move(t, postgres.MoveOptions{Even: true}); report.Moved != 3 || in.tenantsOf(t) != "0:2 1:2 2:1" || in.stray(t) != "" {
				t.Errorf("%+v, %s, %s", report, in.tenantsOf(t), in.stray(t))
			}
			in.mustServeAll(t, in.db)
			in.mustServeAll(t, pgtest.Reopen(t, in.cfg))
			if report := in.move(t, postgres.MoveOptions{Even: true}); len(report.Moves) != 0 {
				t.Errorf("even tenants move again: %+v", report)
			}

			in.ids = append(in.ids, pgtest.MakeTenant(t, in.db, "new"))
			if got := in.tenantsOf(t); got != "0:2 1:2 2:2" {
				t.Errorf("a new tenant does not get the gate with the fewest: %s", got)
			}
			in.move(t, postgres.MoveOptions{Tenants: in.ids[:2], To: 2})
			if got := in.tenantsOf(t); got != "1:2 2:4" {
				t.Errorf("the two tenants that are named do not move alone: %s", got)
			}
			in.mustServeAll(t, in.db)

			err := postgres.SetGates(t.Context(), in.cfg, 2, discard)
			pgtest.MustBe(t, err, domain.Conflict)
			pgtest.MustSay(t, err, "tenants are served by the gates from 2 on", "gates move --even --gates 2")
			in.move(t, postgres.MoveOptions{Even: true, Gates: 2})
			in.set(t, 2)
			in.mustServeAll(t, in.db)
			in.set(t, 1+1)
			in.move(t, postgres.MoveOptions{All: true, To: 0})
			in.set(t, 1)
			in.mustServeAll(t, in.db)
			if err := in.db.Ready(t.Context()); err != nil {
				t.Error(err)
			}
			if got := pgtest.Query[int](t, in.super, `SELECT count(*) FROM pg_roles r, partywall.installation i WHERE starts_with(rolname, 'pw_' || inst || '_gate_')`); in.cfg.Roles != postgres.RolesOff && got != 1 {
				t.Errorf("%d logins of gates are left", got)
			}
			in.purge(t, in.ids[0])
		})
	}
}

// purge removes a tenant whose claim has run out.
func (in *installation) purge(t *testing.T, id domain.TenantID) {
	t.Helper()
	pgtest.Execute(t, in.super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = $1`, id.String())
	if swept, err := in.db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
		t.Errorf("swept %d, %v", swept, err)
	}
}

// TestGatesAreKeptBySetup moves no tenant, and gives a new secret to all logins.
func TestGatesAreKeptBySetup(t *testing.T) {
	t.Parallel()
	in := install(t, 4)
	in.set(t, 3)
	in.move(t, postgres.MoveOptions{Even: true})
	if report := pgtest.SetUp(t, in.cfg); report != "" {
		t.Errorf("setup did:\n%s", report)
	}
	pgtest.Execute(t, in.super, `DO $$ BEGIN EXECUTE format('REVOKE pw_%1$s_t_t00 FROM pw_%1$s_gate_0; REVOKE pw_%1$s_t_t03 FROM pw_%1$s_gate_1, pw_%1$s_gate_2', (SELECT inst FROM partywall.installation)); END $$`)
	changed := in.cfg
	changed.GateSecret = domain.NewSecret("another one")
	pgtest.SetUp(t, changed)
	if got := in.tenantsOf(t); got != "0:2 1:1 2:1" || in.stray(t) != "" {
		t.Errorf("%s, %s", got, in.stray(t))
	}
	in.mustServeAll(t, pgtest.Reopen(t, changed))
}

func TestOneGateProgramsAreRefused(t *testing.T) {
	t.Parallel()
	in := install(t, 1)
	inst := pgtest.Query[string](t, in.super, `SELECT inst FROM partywall.installation`)
	login := "pw_" + inst + "_gate_0"
	older := pgtest.Login(t, in.cfg, login, pg.DerivedPassword(in.cfg.Password, login))
	older.SetMaxOpenConns(1)
	pgtest.Execute(t, older, `SET application_name = 'partywall'`)
	err := postgres.SetGates(t.Context(), in.cfg, 2, discard)
	pgtest.MustBe(t, err, postgres.CodeOneGateProgram)
	pgtest.MustSay(t, err, login, "process ")
	in.set(t, 1)
	_ = older.Close()
	for pgtest.Query[bool](t, in.super, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'partywall' AND usename = $1)`, login) {
		if t.Context().Err() != nil {
			return
		}
	}
	in.set(t, 2)
}

// TestRacingSets ends with one of the numbers, and with the logins that it needs.
func TestRacingSets(t *testing.T) {
	t.Parallel()
	in := install(t, 1)
	var sets sync.WaitGroup
	for _, count := range []int{2, 3, 4, 5} {
		sets.Go(func() {
			err := postgres.SetGates(t.Context(), in.cfg, count, discard)
			if err != nil && domain.KindOf(err) != domain.Conflict {
				t.Errorf("%d gates: %v", count, err)
			}
		})
	}
	sets.Wait()
	gates := pgtest.Query[int](t, in.super, `SELECT gates FROM partywall.installation`)
	if gates < 2 || gates > 5 {
		t.Errorf("there are %d", gates)
	}
	in.set(t, gates)
	in.move(t, postgres.MoveOptions{All: true, To: gates - 1})
	in.mustServeAll(t, in.db)
}

// TestALockedGate keeps the tenants of other gates served.
func TestALockedGate(t *testing.T) {
	t.Parallel()
	in := install(t, 2)
	in.set(t, 2)
	in.move(t, postgres.MoveOptions{Tenants: in.ids[1:], To: 1})
	in.mustServeAll(t, in.db)
	pgtest.Execute(t, in.super, `DO $$ BEGIN EXECUTE format('ALTER ROLE pw_%s_gate_1 NOLOGIN', (SELECT inst FROM partywall.installation)); END $$`)
	db := pgtest.Reopen(t, in.cfg)
	pgtest.Note(t, db, in.ids[0], "served")
	err := db.InTenant(t.Context(), in.ids[1], pgtest.InsertNote("lost"))
	pgtest.MustBe(t, err, domain.Unavailable)
	if cause := pg.Describe(err); !contains(cause, "_gate_1") {
		t.Errorf("it doesn't name the gate: %s", cause)
	}
	refused := 0
	for range 2 {
		if err := db.Ready(t.Context()); err != nil {
			refused++
			if !contains(pg.Describe(err), "_gate_1") {
				t.Errorf("readiness doesn't name the gate: %v", err)
			}
		}
	}
	if refused != 1 {
		t.Errorf("of two looks at two gates, %d fail", refused)
	}
	status, err := postgres.ReadGates(t.Context(), in.cfg)
	if err != nil || status.Gates[0].Locked != "" || !contains(status.Gates[1].Locked, "NOLOGIN", "ALTER ROLE") && !contains(status.Gates[1].Locked, "not permitted to log in") {
		t.Errorf("%+v, %v", status, err)
	}
}

// TestThePoolerMustLetNewGatesIn has a pooler that lets new gates in once there is a
// table of the name listed.
func TestThePoolerMustLetNewGatesIn(t *testing.T) {
	t.Parallel()
	in := install(t, 2)
	pooler := realservers.PgBouncer(t, realservers.Upstream{
		Host: in.cfg.Host, Port: in.cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolSize: 2,
		LetsIn: `usename !~ '_gate_[1-9]' OR to_regclass('public.listed') IS NOT NULL`,
	})
	behind := in.cfg
	behind.Host, behind.Port = pooler.Host, pooler.Port
	err := postgres.SetGates(t.Context(), behind, 3, discard)
	pgtest.MustBe(t, err, pg.CodeLoginRefused)
	pgtest.MustSay(t, err, "the pooler at", "_gate_1\"", "_gate_2\"", "then set 3 gates again; no tenant was moved")
	if gates := pgtest.Query[int](t, in.super, `SELECT gates FROM partywall.installation`); gates != 1 {
		t.Errorf("there are %d gates, and the pooler lets one in", gates)
	}
	in.mustServeAll(t, in.db)

	pgtest.Execute(t, in.super, `CREATE TABLE public.listed ()`)
	if err := postgres.SetGates(t.Context(), behind, 3, discard); err != nil {
		t.Fatal(err)
	}
	served := pgtest.Reopen(t, behind)
	if _, err := postgres.MoveTenants(t.Context(), behind, postgres.MoveOptions{Even: true}, discard); err != nil {
		t.Fatal(err)
	}
	in.mustServeAll(t, served)
}
