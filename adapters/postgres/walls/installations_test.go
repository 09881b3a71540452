package walls_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

// installation is one of the ways to run behind which the walls must stand.
type installation struct {
	name   string
	newest bool // on PostgreSQL 18; else on the machine's own, 15 or later
	pooled bool // through PgBouncer in transaction mode, one connection for each login
	roles  bool
}

var installations = []installation{
	{name: "PostgreSQL with roles", roles: true},
	{name: "PostgreSQL 18 with roles", newest: true, roles: true},
	{name: "through PgBouncer", pooled: true, roles: true},
	{name: "PostgreSQL without roles"},
	{name: "PostgreSQL 18 without roles", newest: true},
}

// installed is an installation with three gates of few connections. The tenants acme and
// rival share one, and a third tenant, distant, has another.
type installed struct {
	installation
	version     int
	db          *postgres.DB
	cfg         postgres.Config // of the server
	served      postgres.Config // of the way to it
	super       *sqlx.DB        // past all walls
	others      *sqlx.DB        // more connections of the gate's login
	victim      *sqlx.Conn
	acme, rival domain.TenantID
	names       map[string]string
}

// install sets one up, with as few connections as there can be.
func install(t *testing.T, on *embeddedpg.Server, kind installation) *installed {
	t.Helper()
	cfg := pgtest.NewConfig(t, pgtest.WithNotes, pgtest.WithPlans, pgtest.OneConnection)
	cfg.Host, cfg.Port, cfg.User, cfg.Password = on.Host, on.Port, on.User, on.Password
	if !kind.roles {
		pgtest.RolesOff(&cfg)
	}
	pgtest.SetUp(t, cfg)
	in := &installed{installation: kind, cfg: cfg, super: pgtest.Login(t, cfg, "postgres", on.SuperuserPassword)}
	in.served = cfg
	if kind.pooled {
		pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: on.SuperuserPassword, PoolSize: 1})
		in.served.Host, in.served.Port = pooler.Host, pooler.Port
	}
	in.db = pgtest.Reopen(t, in.served)
	in.version = pgtest.Query[int](t, in.super, `SELECT current_setting('server_version_num')::int`)
	in.acme, in.rival = pgtest.MakeTenant(t, in.db, "acme"), pgtest.MakeTenant(t, in.db, "rival")
	in.separate(t)
	in.furnish(t)
	return in
}

// separate makes the tenant distant, and has another gate serve it.
func (in *installed) separate(t *testing.T) {
	t.Helper()
	distant := pgtest.MakeTenant(t, in.db, "distant")
	if err := postgres.SetGates(t.Context(), in.served, 3, func(string) {}); err != nil {
		t.Fatal(err)
	}
	moved, err := postgres.MoveTenants(t.Context(), in.served, postgres.MoveOptions{Tenants: []domain.TenantID{distant}, To: 2}, func(string) {})
	if err != nil || moved.Moved != 1 {
		t.Fatalf("%+v, %v", moved, err)
	}
	pgtest.Note(t, in.db, distant, "the rival's") // what an attempt must not see
}

// furnish gives the rival something to find, and names what there is.
func (in *installed) furnish(t *testing.T) {
	t.Helper()
	pgtest.Note(t, in.db, in.acme, "acme's")
	pgtest.Note(t, in.db, in.rival, "the rival's")
	pgtest.Execute(t, in.super, `ANALYZE tenant_rival.notes`)
	inst := pgtest.Query[string](t, in.super, `SELECT inst FROM partywall.installation`)
	in.names = map[string]string{"owner": in.cfg.User, "database": in.cfg.Database}
	for _, role := range []string{"system", "gate_0", "gate_2", "shared", "t_acme", "t_rival", "t_distant"} {
		in.names[role] = fmt.Sprintf("pw_%s_%s", inst, role)
	}
	gate := in.names["gate_0"]
	if !in.roles {
		gate = in.cfg.User
	}
	password := in.cfg.Password
	if in.roles {
		password = pg.DerivedPassword(in.cfg.Password, gate)
	}
	in.others = pgtest.Login(t, in.cfg, gate, password)
	in.others.SetMaxIdleConns(-1)
	var object int
	err := in.db.InTenant(t.Context(), in.rival, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &object, `SELECT lo_from_bytea(0, convert_to('the rival''s object', 'UTF8'))`)
	})
	if err != nil {
		t.Fatal(err)
	}
	in.names["object"] = fmt.Sprint(object)
}

// fill puts the installation's names into a statement's {braces}. {pid} is a
// backend that ran a statement of the rival's.
func (in *installed) fill(t *testing.T, statement string) string {
	t.Helper()
	if strings.Contains(statement, "{pid}") {
		in.names["pid"] = in.work(t)
	}
	var pairs []string
	for key, name := range in.names {
		pairs = append(pairs, "{"+key+"}", name)
	}
	return strings.NewReplacer(pairs...).Replace(statement)
}

// work has the rival run a statement, and returns the backend that did.
func (in *installed) work(t *testing.T) (pid string) {
	t.Helper()
	var err error
	if in.victim, err = in.others.Connx(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pgtest.Query[string](t, in.victim, `SELECT pg_backend_pid() -- the rival's statement`)
}

// tidy has both tenants served once more, and takes away what was planted.
func (in *installed) tidy(t *testing.T) {
	t.Helper()
	if in.victim != nil {
		_ = in.victim.Close()
		in.victim = nil
	}
	for _, id := range []domain.TenantID{in.acme, in.rival} {
		_ = in.db.InTenant(t.Context(), id, func(context.Context, *sqlx.Tx) error { return nil })
	}
	pgtest.Execute(t, in.super, `DELETE FROM tenant_acme.notes WHERE text LIKE 'planted%'; DELETE FROM tenant_rival.notes WHERE text LIKE 'planted%'`)
}
