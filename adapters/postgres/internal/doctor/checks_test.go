package doctor_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// mistake is made in a database that is set up, with the tenants acme and rival.
type mistake struct {
	check    string
	severity doctor.Severity
	says     string
	as       string // who makes it: "" for the superuser, "owner", "none" if the change of the configuration is all
	do       string // in SQL; {db}, {inst} and {user} are filled in
	undo     string // what is left on the server otherwise
	change   func(*postgres.Config)
	others   []string // checks that rightly complain, too
}

var mistakes = map[string]mistake{
	"a database that takes no writes":                   {check: "database-writable", severity: doctor.Error, says: "default_transaction_read_only", do: `ALTER DATABASE {db} SET default_transaction_read_only = on`},
	"a migration that never ran":                        {check: "database-migrations", severity: doctor.Error, says: "app.Setup", do: `DELETE FROM partywall.migrations WHERE set = 'system' AND number = 2`},
	"a migration that was changed":                      {check: "database-migrations", severity: doctor.Error, says: "was changed", do: `UPDATE partywall.migrations SET checksum = 'x' WHERE set = 'system' AND number = 2`},
	"a file that was changed":                           {check: "database-migrations", severity: doctor.Error, says: "restore the file's text", as: "none", change: withChangedNotes},
	"a database that is ahead":                          {check: "database-migrations", severity: doctor.Warning, says: "system/0099_later.sql", do: `INSERT INTO partywall.migrations (set, number, name, checksum) VALUES ('system', 99, '0099_later.sql', 'x')`},
	"an installation that lost its row":                 {check: "database-setup", severity: doctor.Error, says: "app.Setup", do: `DELETE FROM partywall.installation`},
	"TENANT_ROLES=off where there are roles":            {check: "database-setup", severity: doctor.Error, says: "TENANT_ROLES", as: "none", change: pgtest.RolesOff},
	"a superuser as DB_USER":                            {check: "database-user", severity: doctor.Warning, says: "superuser", do: `ALTER ROLE {user} SUPERUSER`, undo: `ALTER ROLE {user} NOSUPERUSER`},
	"a master user of RDS as DB_USER":                   {check: "database-user", severity: doctor.Warning, says: "Another `DB_USER`", do: `CREATE ROLE rds_superuser; GRANT rds_superuser TO {user}`, undo: `DROP ROLE rds_superuser`},
	"a DB_USER that may not make roles":                 {check: "database-user", severity: doctor.Error, says: "CREATEROLE", do: `ALTER ROLE {user} NOCREATEROLE`, undo: `ALTER ROLE {user} CREATEROLE`},
	"a DB_USER that may not make schemas":               {check: "database-user", severity: doctor.Error, says: "OWNER TO", do: `ALTER DATABASE {db} OWNER TO postgres; REVOKE ALL ON DATABASE {db} FROM {user}`},
	"a DB_USER that isn't the owner":                    {check: "database-user", severity: doctor.Warning, says: "doesn't own", do: `ALTER DATABASE {db} OWNER TO postgres; GRANT CREATE ON DATABASE {db} TO {user}`},
	"temporary tables for PUBLIC":                       {check: "database-public", severity: doctor.Warning, says: "REVOKE TEMP", do: `GRANT TEMP ON DATABASE {db} TO PUBLIC`},
	"schemas by PUBLIC":                                 {check: "database-public", severity: doctor.Error, says: "make schemas", do: `GRANT CREATE ON DATABASE {db} TO PUBLIC`},
	"tables by PUBLIC in public":                        {check: "database-public", severity: doctor.Error, says: "schema public", do: `GRANT CREATE ON SCHEMA public TO PUBLIC`},
	"a tenant's schema that PUBLIC enters":              {check: "database-public", severity: doctor.Error, says: "tenant_acme", do: `GRANT USAGE ON SCHEMA tenant_acme TO PUBLIC`},
	"a gate secret that has changed":                    {check: "database-logins", severity: doctor.Error, says: "app.Setup", as: "none", change: func(c *postgres.Config) { c.GateSecret = domain.NewSecret("another") }},
	"a gate with too many tenants":                      {check: "tenant-gates", severity: doctor.Warning, says: "a gate serves 753 tenants, and more than 750 make it slow / call app.SetGates with this configuration, then call app.MoveTenants", do: `INSERT INTO partywall.tenants (id, name, status, request) SELECT 'purged-' || n, 'x', 'purging', '' FROM generate_series(1, 751) n`},
	"a gate that may not log in":                        {check: "database-logins", severity: doctor.Error, says: "gate_0", do: `ALTER ROLE pw_{inst}_gate_0 NOLOGIN`},
	"a tenant without a schema":                         {check: "tenant-schemas", severity: doctor.Error, says: `acme / restore each from a backup, as docs/production.md says under "One tenant"`, do: `DROP SCHEMA tenant_acme CASCADE`},
	"a schema without a tenant":                         {check: "tenant-schemas", severity: doctor.Warning, says: "tenant_ghost", as: "owner", do: `CREATE SCHEMA tenant_ghost`},
	"a tenant without a role":                           {check: "tenant-roles", severity: doctor.Error, says: "app.Setup", do: `DROP OWNED BY "pw_{inst}_t_acme"; DROP ROLE "pw_{inst}_t_acme"`},
	"tenants' schemas that PUBLIC enters":               {check: "database-public", severity: doctor.Error, says: `tenant_acme, "tenant_acme-2"`, do: `CREATE SCHEMA "tenant_acme-2" AUTHORIZATION {user}; GRANT USAGE ON SCHEMA tenant_acme, "tenant_acme-2" TO PUBLIC`, undo: `DROP SCHEMA "tenant_acme-2"`, others: []string{"tenant-schemas"}},
	"a role without a tenant":                           {check: "tenant-roles", severity: doctor.Warning, says: "_t_ghost", do: `CREATE ROLE "pw_{inst}_t_ghost"`, undo: `DROP ROLE IF EXISTS "pw_{inst}_t_ghost"`, others: []string{"database-user"}},
	"a role that its gate may not become":               {check: "tenant-roles", severity: doctor.Error, says: "acme", do: revokeFromGate},
	"a tenant's role without its schema":                {check: "tenant-grants", severity: doctor.Error, says: "acme has a role that may not use the schema", do: `REVOKE USAGE ON SCHEMA tenant_acme FROM "pw_{inst}_t_acme"`},
	"a tenant's role without a table":                   {check: "tenant-grants", severity: doctor.Error, says: "SELECT ON TABLE tenant_acme.notes", do: `REVOKE SELECT ON tenant_acme.notes FROM "pw_{inst}_t_acme"`},
	"a tenant's role without all tables":                {check: "tenant-grants", severity: doctor.Error, says: "may use no table", do: `REVOKE ALL ON ALL TABLES IN SCHEMA tenant_acme FROM "pw_{inst}_t_acme"`},
	"a tenant's role without a sequence":                {check: "tenant-grants", severity: doctor.Error, says: "SEQUENCE tenant_acme.notes_id_seq", do: `REVOKE ALL ON ALL SEQUENCES IN SCHEMA tenant_acme FROM "pw_{inst}_t_acme"`},
	"a tenant's role without a function":                {check: "tenant-grants", severity: doctor.Error, says: "EXECUTE ON ROUTINE tenant_acme.count_notes()", do: `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tenant_acme FROM "pw_{inst}_t_acme"`},
	"a tenant's role without what comes later":          {check: "tenant-grants", severity: doctor.Error, says: "made there later", as: "owner", do: `ALTER DEFAULT PRIVILEGES IN SCHEMA tenant_acme REVOKE ALL ON TABLES FROM "pw_{inst}_t_acme"`},
	"a tenant's role that owns a table":                 {check: "tenant-role-rights", severity: doctor.Error, says: "owns 1 things", do: `CREATE TABLE tenant_acme.mine (id int); ALTER TABLE tenant_acme.mine OWNER TO "pw_{inst}_t_acme"`},
	"a tenant's role that is another's member":          {check: "tenant-role-rights", severity: doctor.Error, says: "is a member of", do: `GRANT "pw_{inst}_t_rival" TO "pw_{inst}_t_acme"`},
	"a tenant's role that a stranger may become":        {check: "tenant-role-rights", severity: doctor.Error, says: "pw_{inst}_stranger may become", do: `CREATE ROLE pw_{inst}_stranger; GRANT "pw_{inst}_t_acme" TO pw_{inst}_stranger`, undo: `DROP ROLE pw_{inst}_stranger`},
	"a tenant's role that creates in its schema":        {check: "tenant-role-rights", severity: doctor.Error, says: "may CREATE schema tenant_acme", do: `GRANT CREATE ON SCHEMA tenant_acme TO "pw_{inst}_t_acme"`},
	"a tenant's role that creates schemas":              {check: "tenant-role-rights", severity: doctor.Error, says: "may CREATE in the database", do: `GRANT CREATE ON DATABASE {db} TO "pw_{inst}_t_acme"`},
	"a tenant's role that enters the neighbour's":       {check: "tenant-role-rights", severity: doctor.Error, says: "may USAGE schema tenant_rival", do: `GRANT USAGE ON SCHEMA tenant_rival TO "pw_{inst}_t_acme"`},
	"a tenant's role that reads a neighbour's row":      {check: "tenant-role-rights", severity: doctor.Error, says: "may SELECT tenant_rival.notes", do: `GRANT SELECT ON tenant_rival.notes TO "pw_{inst}_t_acme"`},
	"a tenant's role that logs in":                      {check: "tenant-role-rights", severity: doctor.Error, says: "may log in", do: `ALTER ROLE "pw_{inst}_t_acme" LOGIN`},
	"a tenant's role that passes row security":          {check: "tenant-role-rights", severity: doctor.Error, says: "BYPASSRLS", do: `ALTER ROLE "pw_{inst}_t_acme" BYPASSRLS`},
	"a shared login that reads a tenant's rows":         {check: "gate-rights", severity: doctor.Error, says: "_shared may SELECT tenant_acme.notes", do: `GRANT SELECT ON tenant_acme.notes TO pw_{inst}_shared`},
	"a shared login that makes functions":               {check: "gate-rights", severity: doctor.Error, says: "_shared may CREATE schema shared", do: `GRANT CREATE ON SCHEMA shared TO pw_{inst}_shared`},
	"a shared login that becomes the system's":          {check: "gate-rights", severity: doctor.Error, says: "_shared is a member of", do: `GRANT pw_{inst}_system TO pw_{inst}_shared`},
	"a gate that is a superuser":                        {check: "gate-rights", severity: doctor.Error, says: "SUPERUSER", do: `ALTER ROLE pw_{inst}_gate_0 SUPERUSER`, undo: `ALTER ROLE pw_{inst}_gate_0 NOSUPERUSER`},
	"a gate that makes roles":                           {check: "gate-rights", severity: doctor.Error, says: "CREATEROLE", do: `ALTER ROLE pw_{inst}_gate_0 CREATEROLE`},
	"a maker that logs in":                              {check: "gate-rights", severity: doctor.Error, says: "maker_0 may log in", do: `ALTER ROLE pw_{inst}_maker_0 LOGIN`},
	"a maker that a stranger may become":                {check: "gate-rights", severity: doctor.Error, says: "pw_{inst}_stranger may become pw_{inst}_maker_0", do: `CREATE ROLE pw_{inst}_stranger; GRANT pw_{inst}_maker_0 TO pw_{inst}_stranger`, undo: `DROP ROLE pw_{inst}_stranger`},
	"a stranger who creates where extensions are":       {check: "database-public", severity: doctor.Error, says: "stranger_{inst} in ext", do: `CREATE ROLE stranger_{inst}; GRANT CREATE ON SCHEMA ext TO stranger_{inst}`, undo: `DROP OWNED BY stranger_{inst}; DROP ROLE stranger_{inst}`},
	"a gate that inherits":                              {check: "gate-rights", severity: doctor.Error, says: "inherits", do: `ALTER ROLE pw_{inst}_gate_0 INHERIT`},
	"a gate that may become another role":               {check: "gate-rights", severity: doctor.Error, says: "is a member of pw_{inst}_boss", do: `CREATE ROLE pw_{inst}_boss; GRANT pw_{inst}_boss TO pw_{inst}_gate_0`, undo: `DROP ROLE pw_{inst}_boss`},
	"a gate that reads the members":                     {check: "gate-rights", severity: doctor.Error, says: "may SELECT partywall.memberships", do: `GRANT SELECT ON partywall.memberships TO pw_{inst}_gate_0`},
	"a gate that reads tenants' names":                  {check: "gate-rights", severity: doctor.Error, says: "partywall.tenants.name", do: `GRANT SELECT (name) ON partywall.tenants TO pw_{inst}_gate_0`},
	"a gate with temporary tables":                      {check: "gate-rights", severity: doctor.Error, says: "may TEMPORARY in the database", do: `GRANT TEMP ON DATABASE {db} TO pw_{inst}_gate_0`},
	"a gate that gives tenants' roles away":             {check: "gate-rights", severity: doctor.Error, says: "give away", do: `GRANT "pw_{inst}_t_acme" TO pw_{inst}_gate_0 WITH ADMIN OPTION`},
	"a system login that reads a tenant's rows":         {check: "gate-rights", severity: doctor.Error, says: "_system may SELECT tenant_acme.notes", do: `GRANT SELECT ON tenant_acme.notes TO pw_{inst}_system`},
	"a system login that rewrites the ledger":           {check: "gate-rights", severity: doctor.Error, says: "may DELETE partywall.migrations", do: `GRANT DELETE ON partywall.migrations TO pw_{inst}_system`},
	"a system login that rewrites what makes tenants":   {check: "gate-rights", severity: doctor.Error, says: "may UPDATE partywall.tenant_files", do: `GRANT UPDATE ON partywall.tenant_files TO pw_{inst}_system`},
	"a stranger named like one of our roles":            {check: "database-public", severity: doctor.Error, says: "pw_stranger_{inst} in ext", do: `CREATE ROLE pw_stranger_{inst}; GRANT CREATE ON SCHEMA ext TO pw_stranger_{inst}`, undo: `DROP OWNED BY pw_stranger_{inst}; DROP ROLE pw_stranger_{inst}`},
	"a tenant's role that creates where extensions are": {check: "database-public", severity: doctor.Error, says: "t_acme in ext", do: `GRANT CREATE ON SCHEMA ext TO "pw_{inst}_t_acme"`},
	"a system login that removes events":                {check: "gate-rights", severity: doctor.Error, says: "may DELETE partywall.events", do: `GRANT DELETE ON partywall.events TO pw_{inst}_system`},
	"a system login that rewrites events":               {check: "gate-rights", severity: doctor.Error, says: "may UPDATE partywall.events.data", do: `GRANT UPDATE (data) ON partywall.events TO pw_{inst}_system`},
	"a system login that records no events":             {check: "login-grants", severity: doctor.Error, says: "_system may not INSERT partywall.events.kind", do: `REVOKE INSERT (kind) ON partywall.events FROM pw_{inst}_system`},
	"a system login that numbers no events":             {check: "login-grants", severity: doctor.Error, says: "_system may not UPDATE partywall.events.position", do: `REVOKE UPDATE ON partywall.events FROM pw_{inst}_system`},
	"a system login that reads no members":              {check: "login-grants", severity: doctor.Error, says: "_system may not SELECT partywall.memberships", do: `REVOKE SELECT ON partywall.memberships FROM pw_{inst}_system`},
	"a consumer that lags":                              {check: "event-consumers", severity: doctor.Warning, says: "mail of events lags by 2 events, the oldest of which is 2h", do: `INSERT INTO partywall.event_consumers VALUES ('mail', 0, 'x', now()); UPDATE partywall.events SET at = at - interval '2 hours'`},
	"an event that was set aside":                       {check: "event-consumers", severity: doctor.Warning, says: "set 1 aside, the first because: no such address", do: `INSERT INTO partywall.event_consumers VALUES ('mail', 9, 'x', now()); INSERT INTO partywall.events_set_aside SELECT 'mail', min(id), 'no such address' FROM partywall.events`},
	"a gate that reads no status":                       {check: "login-grants", severity: doctor.Error, says: "_gate_0 may not read partywall.tenants.status", do: `REVOKE SELECT (status) ON partywall.tenants FROM pw_{inst}_gate_0`},
	"a gate that enters no schema of ours":              {check: "login-grants", severity: doctor.Error, says: "_gate_0 may not use the schema partywall", do: `REVOKE USAGE ON SCHEMA partywall FROM pw_{inst}_gate_0`},
	"extensions that no tenant may use":                 {check: "login-grants", severity: doctor.Error, says: "PUBLIC may not use the schema ext", do: `REVOKE USAGE ON SCHEMA ext FROM PUBLIC`},
	"a shared login without what comes later":           {check: "login-grants", severity: doctor.Error, says: "_shared may not use all that is made in the schema shared later", as: "owner", do: `ALTER DEFAULT PRIVILEGES IN SCHEMA shared REVOKE ALL ON TABLES FROM pw_{inst}_shared`},
	"more connections than the server has":              {check: "database-connections", severity: doctor.Error, says: "DB_MAX_CONNS=500", as: "none", change: func(c *postgres.Config) { c.MaxConns = 500 }},
	"no connections for a second process":               {check: "database-connections", severity: doctor.Warning, says: "second process", as: "none", change: func(c *postgres.Config) { c.MaxConns = 150 }},
	"a database that takes few connections":             {check: "database-connections", severity: doctor.Error, says: "takes 10", do: `ALTER DATABASE {db} CONNECTION LIMIT 10`},
	"an extension where no tenant finds it":             {check: "database-extensions", severity: doctor.Warning, says: `ALTER EXTENSION "citext" SET SCHEMA ext`, do: `CREATE EXTENSION citext SCHEMA public`},
	"commits that a crash loses":                        {check: "database-durability", severity: doctor.Error, says: "synchronous_commit", do: `ALTER DATABASE {db} SET synchronous_commit = off`},
	"passwords kept as MD5":                             {check: "database-passwords", severity: doctor.Warning, says: "md5", do: `ALTER DATABASE {db} SET password_encryption = md5`},
	"connections without TLS on RDS":                    {check: "database-force-ssl", severity: doctor.Warning, says: "rds.force_ssl=1", do: `ALTER DATABASE {db} SET rds.force_ssl = '0'`},
	"statements in the log":                             {check: "database-log", severity: doctor.Warning, says: "log_statement=all", do: `ALTER DATABASE {db} SET log_statement = 'all'`},
	"arguments of slow statements in the log":           {check: "database-log", severity: doctor.Warning, says: "log_parameter_max_length=0", do: `ALTER DATABASE {db} SET log_min_duration_statement = 1000`},
}

// revokeFromGate revokes acme's role from the gate, of each grantor: a fix of another
// mistake may have granted it once more.
const revokeFromGate = `
	DO $$ DECLARE granter text; BEGIN
		FOR granter IN
			SELECT m.grantor::regrole::text FROM pg_auth_members m
			WHERE m.roleid = '"pw_{inst}_t_acme"'::regrole AND m.member = 'pw_{inst}_gate_0'::regrole
		LOOP
			EXECUTE 'REVOKE "pw_{inst}_t_acme" FROM pw_{inst}_gate_0 GRANTED BY ' || granter;
		END LOOP;
	END $$`

func TestChecks(t *testing.T) {
	t.Parallel()
	t.Run("the doctor finds no fault in what setup created", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		err := db.InTenant(t.Context(), pgtest.MakeTenant(t, db, "acme"), func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `SELECT lo_from_bytea(0, 'a large object')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		pgtest.MustFind(t, cfg, "tenant-role-rights", doctor.OK, "")
		if got := pgtest.RunChecks(t, cfg); len(got) != len(postgres.Checks()) {
			t.Errorf("of %d checks, %d were made", len(postgres.Checks()), len(got))
		}
	})
	t.Run("without roles the report says so", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.RolesOff)
		pgtest.MakeTenant(t, db, "acme")
		pgtest.MustFind(t, cfg, "tenant-roles", doctor.Warning, "TENANT_ROLES=on")
	})
	t.Run("a database without a setup", func(t *testing.T) {
		t.Parallel()
		cfg := pgtest.NewConfig(t)
		pgtest.Execute(t, pgtest.Superuser(t, postgres.Config{Host: cfg.Host, Port: cfg.Port, Database: "postgres"}), `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User)
		pgtest.MustFind(t, cfg, "database-setup", doctor.Error, "partywall setup", "database-public")
	})
	t.Run("a database that does not exist", func(t *testing.T) {
		t.Parallel()
		pgtest.MustFind(t, pgtest.NewConfig(t), "database", doctor.Error, "partywall setup")
	})
	t.Run("a database in another encoding", func(t *testing.T) {
		t.Parallel()
		cfg := pgtest.NewConfig(t)
		pgtest.Execute(t, pgtest.Superuser(t, postgres.Config{Host: cfg.Host, Port: cfg.Port, Database: "postgres"}),
			`CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User+` ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
		pgtest.MustFind(t, cfg, "database-encoding", doctor.Error, "LATIN1", "database-setup", "database-public")
	})
	t.Run("a variable with an impossible value", func(t *testing.T) {
		t.Parallel()
		pgtest.MustFind(t, postgres.Config{Host: "127.0.0.1", User: "u", Database: "d", MaxConns: 1}, "database", doctor.Error, "DB_MAX_CONNS")
	})
	t.Run("a tenant that lacks a migration of the product", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		pgtest.MakeTenant(t, db, "acme")
		cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": cfg.TenantMigrations.(fstest.MapFS)["0001_notes.sql"], "0002_more.sql": {Data: []byte("SELECT 1")}}
		pgtest.MustFind(t, cfg, "database-migrations", doctor.Error, "product/0002_more.sql")
	})
	t.Run("a clock that is wrong", func(t *testing.T) {
		t.Parallel()
		_, cfg := pgtest.Open(t)
		pgtest.MustHave(t, pgtest.RunChecksAt(t, cfg, 5*time.Minute), "database-clock", doctor.Error, "ahead of that of the database")
		pgtest.MustHave(t, pgtest.RunChecksAt(t, cfg, -5*time.Minute), "database-clock", doctor.Error, "behind that of the database")
	})
}

// TestMistakesAreFound makes each mistake after the other: some are the whole server's.
// It does what the finding says, and goes on in the same installation where that left
// nothing behind.
func TestMistakesAreFound(t *testing.T) {
	var fixed *postgres.Config
	for name, m := range mistakes {
		if fixed == nil {
			db, cfg := pgtest.Open(t, pgtest.WithNotes)
			pgtest.MakeTenant(t, db, "acme")
			pgtest.MakeTenant(t, db, "rival")
			_ = db.Close()
			fixed = &cfg
		}
		t.Run(name, func(t *testing.T) {
			cfg := *fixed
			fixed = nil
			inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
			filled := strings.NewReplacer("{db}", cfg.Database, "{inst}", inst, "{user}", cfg.User)
			switch m.as {
			case "":
				pgtest.Execute(t, pgtest.Superuser(t, cfg), filled.Replace(m.do))
			case "owner":
				pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), filled.Replace(m.do))
			}
			if m.undo != "" {
				defer pgtest.Execute(t, pgtest.Superuser(t, cfg), filled.Replace(m.undo))
			}
			changed := cfg
			if m.change != nil {
				m.change(&changed)
			}
			findings := pgtest.RunChecks(t, changed)
			pgtest.MustHave(t, findings, m.check, m.severity, filled.Replace(m.says), m.others...)
			if followedElsewhere[name] == "" {
				follow(t, name, m, findings[m.check], cfg, changed, filled)
				if !t.Failed() && m.change == nil && len(m.others) == 0 {
					fixed = &cfg
				}
			}
		})
	}
}

// TestSetupGrantsAnewWhatLoginsLack does what the check login-grants says.
func TestSetupGrantsAnewWhatLoginsLack(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, pgtest.WithNotes)
	super := pgtest.Superuser(t, cfg)
	inst := pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`)
	pgtest.Execute(t, super, strings.NewReplacer("{inst}", inst, "{user}", cfg.User).Replace(`
		REVOKE ALL ON ALL TABLES IN SCHEMA partywall FROM pw_{inst}_system, pw_{inst}_gate_0;
		REVOKE SELECT (id, status) ON partywall.tenants FROM pw_{inst}_gate_0;
		REVOKE USAGE ON SCHEMA partywall FROM pw_{inst}_system, pw_{inst}_gate_0;
		REVOKE USAGE ON SCHEMA ext, shared FROM PUBLIC;
		REVOKE USAGE ON SCHEMA shared FROM pw_{inst}_shared;
		ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA shared REVOKE ALL ON TABLES FROM pw_{inst}_shared;
		ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA shared REVOKE ALL ON SEQUENCES FROM pw_{inst}_shared;
		ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA shared REVOKE ALL ON FUNCTIONS FROM pw_{inst}_shared`))
	if got := pgtest.RunChecks(t, cfg)["login-grants"]; got.Severity != doctor.Error {
		t.Errorf("it finds %+v", got)
	}
	pgtest.SetUp(t, cfg)
	pgtest.MustFind(t, cfg, "login-grants", doctor.OK, "")
}

// TestSetupGrantsARoleAnew does what a finding says.
func TestSetupGrantsARoleAnew(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	acme := pgtest.MakeTenant(t, db, "acme")
	pgtest.Note(t, db, acme, "kept")
	inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `DROP OWNED BY "pw_`+inst+`_t_acme"; DROP ROLE "pw_`+inst+`_t_acme"`)
	pgtest.MustFind(t, cfg, "tenant-roles", doctor.Error, "app.Setup")
	pgtest.SetUp(t, cfg)
	pgtest.MustFind(t, cfg, "tenant-role-rights", doctor.OK, "")
	pgtest.Note(t, db, acme, "and added to")
	if got := pgtest.Notes(t, db, acme); len(got) != 2 {
		t.Errorf("it has %q", got)
	}
}
