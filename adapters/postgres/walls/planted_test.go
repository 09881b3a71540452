package walls_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TestNothingPlantedRuns plants, in each schema that others may create in, a function
// or operator that fits better than PostgreSQL's own for each that a statement of
// ours names, and has the whole adapter work there. What we name is read from the
// wire, so that a new statement is tried as soon as it is sent.
func TestNothingPlantedRuns(t *testing.T) {
	t.Parallel()
	sent := &wiretap{}
	for _, change := range pgtest.Walls {
		liveThrough(t, sent, shared(t, change))
	}
	planted := plantsFor(t, sent)
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			cfg := shared(t, change)
			super := pgtest.Superuser(t, cfg)
			pgtest.Execute(t, super, `CREATE SEQUENCE public.ran; GRANT ALL ON SEQUENCE public.ran TO PUBLIC`)
			for _, schema := range []string{"public", "ext", "shared"} {
				pgtest.Execute(t, super, `CREATE SCHEMA IF NOT EXISTS `+schema+` AUTHORIZATION `+cfg.User)
				pgtest.Execute(t, super, strings.ReplaceAll(planted, "{schema}", schema))
				_, err := pgtest.Login(t, cfg, cfg.User, cfg.Password).ExecContext(t.Context(), `SET search_path = `+schema+`; SELECT has_database_privilege('public', current_database(), 'TEMP')`)
				if !strings.Contains(fmt.Sprint(err), "planted "+schema+".has_database_privilege ran") {
					t.Fatalf("what is planted doesn't run where it can: %v", err)
				}
			}
			pgtest.Execute(t, super, `ALTER SEQUENCE public.ran RESTART`)
			liveThrough(t, &wiretap{}, cfg)
			if pgtest.Query[bool](t, super, `SELECT is_called FROM public.ran`) {
				t.Error("one of them ran")
			}
		})
	}
}

// shared is a database that strangers may create in.
func shared(t *testing.T, changes ...func(*postgres.Config)) postgres.Config {
	t.Helper()
	cfg := pgtest.NewConfig(t, append(changes, pgtest.WithNotes, pgtest.WithPlans)...)
	maintenance := cfg
	maintenance.Database = "postgres"
	pgtest.Execute(t, pgtest.Superuser(t, maintenance), `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User)
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC`)
	return cfg
}

// liveThrough sets up, upgrades, serves, sweeps and runs the checks.
func liveThrough(t *testing.T, sent *wiretap, cfg postgres.Config) {
	t.Helper()
	pgtest.Through(t, &cfg).Cut.Store(sent.listen())
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	acme := pgtest.MakeTenant(t, db, "acme")
	pgtest.WithPriorities(&cfg)
	pgtest.SetUp(t, cfg)
	db = pgtest.Reopen(t, cfg)
	pgtest.Note(t, db, acme, "here")
	makeInAllWays(t, db)
	changeRolesInAllWays(t, db)
	if _, err := db.Tenants().Probe(t.Context(), acme); err != nil {
		t.Error(err)
	}
	if _, err := db.Tenants().List(t.Context(), domain.TenantID{}, 10); err != nil {
		t.Error(err)
	}
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `SET LOCAL search_path = pg_catalog;
		UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = 'claimed'; UPDATE partywall.reservations SET expires_at = now()`)
	if _, err := db.Tenants().Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	for check, f := range pgtest.RunChecks(t, cfg) {
		if strings.Contains(f.Summary+f.Fix, "planted") || strings.Contains(f.Summary, "can't be looked at") {
			t.Errorf("%s: %+v", check, f)
		}
	}
	_ = db.Close()
}

// makeInAllWays reserves, claims and creates within limits.
func makeInAllWays(t *testing.T, db *postgres.DB) {
	t.Helper()
	networks := []ports.NetworkLimit{{Network: netip.MustParsePrefix("2001:db8::/48"), Max: 9}, {Network: netip.MustParsePrefix("2001:db8::/64"), Max: 9}}
	limits := ports.MakingLimits{MaxOwned: 9, Unconfirmed: &ports.UnconfirmedLimits{Networks: networks, MaxHourly: 9}}
	for _, id := range []string{"claimed", "signed-up", "waiting"} {
		n := pgtest.Reservation(t, id)
		n.Limits = &ports.ReservationLimits{MaxInAll: 9, Networks: networks, MinTTL: time.Minute}
		if _, err := db.Reservations().Reserve(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	ada := pgtest.Identity(t, "ada")
	for _, claim := range []ports.Claim{
		{Token: pgtest.Reservation(t, "claimed").Token, Owner: ada, Limits: limits},
		{Token: pgtest.Reservation(t, "claimed").Token, Owner: ada, Limits: limits},
		{Token: pgtest.Reservation(t, "signed-up").Token, SignUp: func(context.Context) (domain.Identity, error) { return ada, nil }, Limits: limits},
	} {
		if _, err := db.Reservations().Claim(t.Context(), claim); err != nil {
			t.Fatal(err)
		}
	}
	n := pgtest.Creation(t, "created")
	n.Limits, n.Idempotency = limits, &ports.Idempotency{By: domain.UserActor(ada), Key: "k"}
	for range 2 {
		if _, err := db.Tenants().Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
}

// changeRolesInAllWays has the operator and the owner give roles and end memberships.
func changeRolesInAllWays(t *testing.T, db *postgres.DB) {
	t.Helper()
	created, ada, bob := pgtest.TenantID(t, "created"), pgtest.Identity(t, "ada"), pgtest.Identity(t, "bob")
	members, owner, admin := db.Members(), domain.UserActor(ada), domain.RoleAdmin
	_, made := members.Grant(t.Context(), ports.MemberGrant{Tenant: created, Member: ada, Role: domain.RoleOwner})
	_, granted := members.Grant(t.Context(), ports.MemberGrant{Tenant: created, Member: bob, Role: domain.RoleViewer, ExpiresAt: time.Now().Add(time.Hour), Reason: "why"})
	_, changed := members.Change(t.Context(), ports.MemberChange{Tenant: created, Member: bob, By: owner, MembershipChange: domain.MembershipChange{Role: &admin}})
	named := members.SetEmail(t.Context(), bob, domain.Must(domain.ParseEmail("bob@example.com")))
	_, listed := members.List(t.Context(), ports.MemberQuery{Tenant: created, Role: domain.RoleAdmin, State: domain.MemberActive, Text: "bob", Limit: 10})
	_, _, handed := members.HandOver(t.Context(), ports.Handover{Tenant: created, By: ada, Heir: bob, OwnRole: domain.RoleOwner})
	ended := members.Remove(t.Context(), ports.MemberRemoval{Tenant: created, Member: bob, By: owner})
	if err := errors.Join(made, granted, changed, named, listed, handed, ended); err != nil {
		t.Error(err)
	}
}

// wiretap keeps what clients send.
type wiretap struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *wiretap) listen() *func([]byte) (bool, bool) {
	listen := func(message []byte) (pass, breakOff bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.text.Write(message)
		w.text.WriteByte('\n')
		return true, false
	}
	return &listen
}

// sent returns what was sent so far: connections that are closed may still say so.
func (w *wiretap) sent() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

var called = regexp.MustCompile(`\b([a-z][a-z0-9_]*) ?\(`)

// plantsFor are the statements that plant in {schema}: a function for each that was
// called, and for the operators, with argument types that PostgreSQL's own haven't.
func plantsFor(t *testing.T, sent *wiretap) (statements string) {
	t.Helper()
	names := map[string]bool{}
	for _, match := range called.FindAllStringSubmatch(sent.sent(), -1) {
		names[match[1]] = true
	}
	super := pgtest.Superuser(t, postgres.Config{Host: pgtest.Server(t).Host, Port: pgtest.Server(t).Port, Database: "postgres"})
	var functions []struct{ Name, Args, Returns string }
	err := super.SelectContext(context.Background(), &functions, `
		WITH kinds AS (SELECT unnest('{name,text,oid,integer,boolean,bigint,"char",regclass}'::text[]) AS kind),
		used AS (SELECT proname, pronargs, min(prorettype::regtype::text) AS returns FROM pg_proc
			WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ($1) AND prokind = 'f' AND pronargs BETWEEN 1 AND 3 GROUP BY 1, 2),
		made AS (
			SELECT proname, returns, kind AS args FROM used, kinds WHERE pronargs = 1
			UNION SELECT proname, returns, a.kind || ',' || b.kind FROM used, kinds a, kinds b WHERE pronargs = 2
			UNION SELECT proname, returns, a.kind || ',' || b.kind || ',' || c.kind FROM used, kinds a, kinds b, kinds c WHERE pronargs = 3 AND a.kind IN ('name', 'text', 'oid') AND c.kind IN ('name', 'text', 'oid', 'boolean'))
		SELECT proname AS name, args, returns FROM made
		WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = made.proname AND oidvectortypes(p.proargtypes) = replace(made.args, ',', ', ') AND p.pronamespace = 'pg_catalog'::regnamespace)
		AND returns NOT LIKE 'any%'`, "{"+strings.Join(slices.Sorted(maps.Keys(names)), ",")+"}")
	if err != nil {
		t.Fatal(err)
	}
	const body = ` LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.nextval('public.ran'); RAISE 'planted {schema}.%% ran', '%[1]s'; END $$;
`
	for _, f := range functions {
		statements += fmt.Sprintf(`CREATE FUNCTION {schema}.%[1]s(%[2]s) RETURNS %[3]s`+body, f.Name, f.Args, f.Returns)
	}
	return statements + operators(t, super)
}

// operators are for each pair of types that PostgreSQL compares, joins or
// subtracts only after a conversion.
func operators(t *testing.T, super *sqlx.DB) (statements string) {
	t.Helper()
	var wanted []struct{ Op, Left, Right, Returns string }
	err := super.SelectContext(t.Context(), &wanted, `
		WITH kinds AS (SELECT unnest('{name,text,oid,integer,boolean,bigint,"char",interval,timestamptz,regclass,name[],text[]}'::text[]) AS kind),
		op AS (SELECT * FROM (VALUES ('=', 'boolean'), ('<>', 'boolean'), ('<', 'boolean'), ('>', 'boolean'), ('<=', 'boolean'), ('>=', 'boolean'),
			('~~', 'boolean'), ('!~~', 'boolean'), ('||', 'text'), ('+', 'timestamptz'), ('*', 'interval'), ('/', 'integer'), ('-', 'integer')) o(op, returns))
		SELECT op, a.kind AS left, b.kind AS right, returns FROM op, kinds a, kinds b
		WHERE NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprname = op AND o.oprleft = a.kind::regtype AND o.oprright = b.kind::regtype)`)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range wanted {
		statements += fmt.Sprintf(`CREATE FUNCTION {schema}.planted_%[1]d(%[3]s, %[4]s) RETURNS %[5]s LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.nextval('public.ran'); RAISE 'planted %[3]s %[2]s %[4]s ran'; END $$;
			CREATE OPERATOR {schema}.%[2]s (FUNCTION = {schema}.planted_%[1]d, LEFTARG = %[3]s, RIGHTARG = %[4]s);
`, i, o.Op, o.Left, o.Right, o.Returns)
	}
	return statements
}
