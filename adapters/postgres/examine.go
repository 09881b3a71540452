package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/ports/doctor"
)

// examination is one look at a database.
type examination struct {
	cfg    pg.Config
	sets   schema.Sets
	now    func() time.Time
	db     *sqlx.DB // logs in as Config.User, on one connection
	in     installation.Installation
	setUp  bool // in is known
	pooler bool // something that pools connections stands before the server
	isCopy bool // setup refuses the database until it has roles of its own
}

// checks are all, in the order in which they build on each other.
func (e *examination) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "database", About: "the server is reached, and lets `DB_USER` in", Run: e.reach},
		{Name: "database-tls", About: "`DB_SSLMODE` is `verify-full` where the server isn't on this machine", Run: e.tlsMode},
		{Name: "database-certificate", About: "the server's certificate doesn't expire within a month", Needs: "database", Run: e.certificate},
		{Name: "database-transactions", About: "a transaction stays on one connection: no pooler shares out statements", Needs: "database", Run: e.transactions},
		{Name: "database-clock", About: "our clock agrees with the database's", Needs: "database-transactions", Run: e.clock},
		{Name: "database-version", About: "the server is PostgreSQL 15 or later", Needs: "database-transactions", Run: e.serverVersion},
		{Name: "database-writable", About: "`DB_HOST` is the primary, not a replica", Needs: "database-transactions", Run: e.writable},
		{Name: "database-encoding", About: "the database is in UTF-8", Needs: "database-transactions", Run: e.encoding},
		{Name: "database-pooler", About: "what pools before the server pools transactions, not sessions", Needs: "database-transactions", Run: e.poolMode},
		{Name: "database-setup", About: "setup has run, and the variables agree with what it decided", Needs: "database-transactions", Run: e.setup},
		{Name: "database-copy", About: "no copy of the installation on the same server uses its roles", Needs: "database-setup", Run: e.copies},
		{Name: "database-migrations", About: "no migration is missing, changed or ahead", Needs: "database-setup", Run: e.migrations},
		{Name: "tenant-versions", About: "no tenant is behind the program's migrations", Needs: "database-migrations", Run: e.tenantVersions},
		{Name: "new-tenants", About: "the last setup made a tenant for trial", Needs: "database-migrations", Run: e.newTenants},
		{Name: "extension-schema", About: "the schema `ext` has extensions and nothing else", Needs: "database-setup", Run: e.extensionSchema},
		{Name: "database-user", About: "`DB_USER` may do what it must, and isn't a superuser", Needs: "database-transactions", Run: e.userRights},
		{Name: "database-public", About: "`PUBLIC` may create nothing in the database, and enters no schema of ours", Needs: "database-transactions", Run: e.publicRights},
		{Name: "database-logins", About: "the logins of the system and the gates work with the passwords derived from `DB_GATE_SECRET`", Needs: "database-setup", Run: e.logins},
		{Name: "login-grants", About: "the logins of the system, the gates and `shared` may do what their work needs", Needs: "database-logins", Run: e.loginGrants},
		{Name: "database-session", About: "a fresh connection has no state that another one left", Needs: "database-logins", Run: e.session},
		{Name: "tenant-roles", About: "each tenant has a role (the second wall), and each role a tenant", Needs: "database-setup", Run: e.tenantRoles},
		{Name: "tenant-schemas", About: "each tenant has a schema, and each schema a tenant", Needs: "database-setup", Run: e.tenantSchemas},
		{Name: "tenant-grants", About: "each tenant's role may use what is in its schema", Needs: "database-setup", Run: e.tenantGrants},
		{Name: "tenant-role-rights", About: "no tenant's role may do more than use its own schema", Needs: "database-setup", Run: e.tenantRoleRights},
		{Name: "gate-rights", About: "the logins of the system and the gates may do nothing beyond their work", Needs: "database-setup", Run: e.gateRights},
		{Name: "database-connections", About: "`DB_MAX_CONNS` fits into the server's `max_connections`, twice for an upgrade", Needs: "database-transactions", Run: e.connections},
		{Name: "database-locks", About: "the server has locks enough for a dump of all tables", Needs: "database-transactions", Run: e.locks},
		{Name: "database-extensions", About: "tenants find the database's extensions", Needs: "database-transactions", Run: e.extensions},
		{Name: "database-durability", About: "`fsync`, `full_page_writes` and `synchronous_commit` are on", Needs: "database-transactions", Run: e.durability},
		{Name: "database-passwords", About: "`password_encryption` is `scram-sha-256`", Needs: "database-transactions", Run: e.passwordEncryption},
		{Name: "database-force-ssl", About: "`rds.force_ssl` is on, where there is such a parameter", Needs: "database-transactions", Run: e.forceSSL},
		{Name: "database-log", About: "the server's log doesn't show what statements carry", Needs: "database-transactions", Run: e.statementLog},
	}
}

// setItUp is the command that sets the database up as it is found.
func (e *examination) setItUp() string {
	if e.isCopy {
		return e.cfg.SetUpCopy()
	}
	return e.cfg.SetItUp()
}

// Checks describes what [RunChecks] looks at.
func Checks() []doctor.Info { return doctor.Describe((&examination{}).checks()) }

// RunChecks looks for the mistakes that an installation's database may have, and
// changes nothing. now is our clock.
func RunChecks(ctx context.Context, cfg pg.Config, now func() time.Time) []doctor.Finding {
	e := &examination{now: now}
	err := e.prepare(cfg)
	if err != nil {
		return []doctor.Finding{{Check: "database", Severity: doctor.Error, Summary: pg.Describe(err), Fix: "fix the variable or the migration that is named"}}
	}
	defer func() { _ = e.db.Close() }()
	return doctor.Run(ctx, e.checks())
}

func (e *examination) prepare(cfg pg.Config) (err error) {
	if e.cfg, err = cfg.WithDefaults(); err != nil {
		return err
	}
	if e.sets, err = schema.LoadSets(e.cfg); err != nil {
		return err
	}
	e.db = pg.ConnectOwn(e.cfg, 1)
	return nil
}

// reach logs in.
func (e *examination) reach(ctx context.Context) (doctor.Finding, error) {
	where := e.cfg.Address()
	err := e.db.PingContext(ctx)
	if err == nil {
		return doctor.Pass(fmt.Sprintf("%s lets %s into %s", where, e.cfg.User, e.cfg.Database)), nil
	}
	why := pg.LoginError(context.Background(), e.cfg, e.cfg.User, err)
	what := pg.Describe(why)
	switch {
	case errors.Is(why, pg.CodeNotSetUp):
		return doctor.Fail(what, e.setItUp()), nil
	case errors.Is(err, pgwire.ErrNoTLS):
		return doctor.Fail(what, "turn TLS on in the server (ssl = on, with a certificate), or let Partywall connect over a Unix socket"), nil
	case isTLS(err):
		return doctor.Fail(what, "set DB_SSLROOTCERT to the authority's certificates; for RDS: curl -O https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"), nil
	case pg.LoginRefused(err):
		return doctor.Fail(what, "check DB_HOST, DB_USER and DB_PASSWORD, and what the server is said to ask for"), nil
	case pg.SQLState(err) != "":
		return doctor.Fail(what, "do what the server's words ask for"), nil
	case pg.OnSocket(e.cfg.Host):
		return doctor.Fail(fmt.Sprintf("%s can't be reached: %s", where, pg.Complaint(err)),
			"check that the server runs, that DB_HOST is its unix_socket_directories and DB_PORT its port, and that this user may enter the folder"), nil
	}
	return doctor.Fail(fmt.Sprintf("%s can't be reached: %s", where, pg.Complaint(err)),
		"check DB_HOST and DB_PORT, and that the server's security group lets this machine in: nc -vz "+e.cfg.Host+" "+strconv.Itoa(e.cfg.Port)), nil
}

// readOne reads the one row of a query that takes no argument.
func (e *examination) readOne(ctx context.Context, into any, query string) error {
	return pg.OwnGet(ctx, e.db, e.cfg, into, query)
}

// readAll reads all rows of a query that takes no argument.
func (e *examination) readAll(ctx context.Context, into any, query string) error {
	return pg.InScope(ctx, e.db, e.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, into, query)
	})
}
