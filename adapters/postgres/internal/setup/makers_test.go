package setup_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestMakers(t *testing.T) {
	t.Parallel()
	servers := pgtest.BothServers(t)
	t.Run("the next maker takes over after 500 roles, and no creation waits for it", func(t *testing.T) {
		t.Parallel()
		cfg := on(servers[true], pgtest.NewConfig(t, pgtest.WithNotes))
		pgtest.SetUp(t, cfg)
		super := pgtest.Login(t, cfg, "postgres", servers[true].SuperuserPassword)
		inst := pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`)
		pgtest.Execute(t, super, fmt.Sprintf(`SET ROLE pw_%[1]s_maker_0; DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE ROLE %%I', 'pw_%[1]s_t_filler-' || i); END LOOP; END $$; RESET ROLE`, inst))
		db := pgtest.Reopen(t, cfg)
		create := func(id, maker string) {
			t.Helper()
			pgtest.Note(t, db, pgtest.MakeTenant(t, db, id), "served")
			made := pgtest.Query[string](t, super, `SELECT string_agg(k.rolname, ' ') FROM pg_auth_members m
				JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles k ON k.oid = m.member
				WHERE m.admin_option AND r.rolname = 'pw_`+inst+`_t_`+id+`'`)
			if want := "pw_" + inst + "_maker_" + maker; made != want {
				t.Errorf("the role of %s was made by %s, not by %s", id, made, want)
			}
		}
		other, err := super.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Rollback() }()
		if _, err := other.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock($1)`, installation.SetupLock+1); err != nil {
			t.Fatal(err)
		}
		create("beside", "0") // another creation makes the next maker at the moment
		if err := other.Rollback(); err != nil {
			t.Fatal(err)
		}
		var creations sync.WaitGroup
		for _, id := range []string{"together-1", "together-2"} {
			creations.Go(func() { pgtest.Note(t, db, pgtest.MakeTenant(t, db, id), "served") })
		}
		creations.Wait()
		create("acme", "1")
		if makers := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'pw_`+inst+`_maker_')`); makers != 2 {
			t.Errorf("there are %d makers", makers)
		}
		pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = 'acme'`)
		if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
			t.Errorf("swept %d: %v", swept, err)
		}
		pgtest.Execute(t, super, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('DROP ROLE %%I', 'pw_%[1]s_t_filler-' || i); END LOOP; END $$`, inst))
		pgtest.MustFind(t, cfg, "tenant-roles", doctor.OK, "")
	})
	for name, newest := range map[string]bool{"PostgreSQL": false, "PostgreSQL 18": true} {
		t.Run("a role that an older program made is dropped on "+name, func(t *testing.T) {
			t.Parallel()
			cfg := on(servers[newest], pgtest.NewConfig(t))
			pgtest.SetUp(t, cfg)
			db := pgtest.Reopen(t, cfg)
			super := pgtest.Login(t, cfg, "postgres", servers[newest].SuperuserPassword)
			inst := pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`)
			// The statements of the last release.
			pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), fmt.Sprintf(`
				CREATE ROLE "pw_%[1]s_t_old" NOLOGIN;
				GRANT "pw_%[1]s_t_old" TO "pw_%[1]s_gate_0";
				CREATE SCHEMA tenant_old;
				GRANT USAGE ON SCHEMA tenant_old TO "pw_%[1]s_t_old";
				INSERT INTO partywall.tenants (id, name, status, request, expires_at) VALUES ('old', 'Old', 'unclaimed', '', now())`, inst))
			if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
				t.Errorf("swept %d: %v", swept, err)
			}
			if pgtest.Query[bool](t, super, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pw_`+inst+`_t_old')`) {
				t.Error("the role is left")
			}
		})
	}
}
