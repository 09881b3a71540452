package doctor

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/ports/doctor"
)

// checker makes the checks of one database.
type checker struct {
	cfg    pg.Config
	sets   schema.Sets
	now    func() time.Time
	db     *sqlx.DB // logs in as Config.User, on one connection
	in     installation.Installation
	setUp  bool // in has been read
	pooler bool // something that pools connections stands before the server
	isCopy bool // setup refuses the database until it has roles of its own
}

// checks are all, in the order in which they build on each other.
func (c *checker) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "database", About: "the server is reached, and lets `DB_USER` in", Run: c.reach},
		{Name: "database-tls", About: "`DB_SSLMODE` is `verify-full` where the server isn't on this machine", Run: c.tlsMode},
		{Name: "database-certificate", About: "the server's certificate doesn't expire within a month", Needs: "database", Run: c.certificate},
		{Name: "database-transactions", About: "a transaction stays on one connection: no pooler runs statements on several connections", Needs: "database", Run: c.transactions},
		{Name: "database-clock", About: "our clock agrees with the database's", Needs: "database-transactions", Run: c.clock},
		{Name: "database-version", About: "the server is PostgreSQL 15 or later", Needs: "database-transactions", Run: c.serverVersion},
		{Name: "database-writable", About: "`DB_HOST` is the primary, not a replica", Needs: "database-transactions", Run: c.writable},
		{Name: "database-encoding", About: "the database is in UTF-8", Needs: "database-transactions", Run: c.encoding},
		{Name: "database-pooler", About: "what pools before the server pools transactions, not sessions", Needs: "database-transactions", Run: c.poolMode},
		{Name: "database-setup", About: "setup has run, and the variables agree with what it decided", Needs: "database-transactions", Run: c.setup},
		{Name: "database-copy", About: "no copy of the installation on the same server uses its roles", Needs: "database-setup", Run: c.copies},
		{Name: "database-migrations", About: "no migration is missing, changed or ahead", Needs: "database-setup", Run: c.migrations},
		{Name: "tenant-versions", About: "no tenant is behind the program's migrations", Needs: "database-migrations", Run: c.tenantVersions},
		{Name: "new-tenants", About: "the last setup made a tenant for trial", Needs: "database-migrations", Run: c.newTenants},
		{Name: "event-consumers", About: "the consumers of events keep up, and set no event aside", Needs: "database-migrations", Run: c.events},
		{Name: "extension-schema", About: "the schema `ext` has extensions and nothing else", Needs: "database-setup", Run: c.extensionSchema},
		{Name: "database-user", About: "`DB_USER` may do what it must, and isn't a superuser", Needs: "database-transactions", Run: c.userRights},
		{Name: "database-public", About: "`PUBLIC` may create nothing in the database, and enters no schema of ours", Needs: "database-transactions", Run: c.publicRights},
		{Name: "database-logins", About: "the logins of the system and the gates work with the passwords derived from `DB_GATE_SECRET`", Needs: "database-setup", Run: c.logins},
		{Name: "login-grants", About: "the logins of the system, the gates and `shared` may do what their work needs", Needs: "database-logins", Run: c.loginGrants},
		{Name: "database-session", About: "a fresh connection has no state that another one left", Needs: "database-logins", Run: c.session},
		{Name: "tenant-roles", About: "each tenant has a role (the second wall), and each role a tenant", Needs: "database-setup", Run: c.tenantRoles},
		{Name: "tenant-schemas", About: "each tenant has a schema, and each schema a tenant", Needs: "database-setup", Run: c.tenantSchemas},
		{Name: "tenant-grants", About: "each tenant's role may use what is in its schema", Needs: "database-setup", Run: c.tenantGrants},
		{Name: "tenant-role-rights", About: "no tenant's role may do more than use its own schema", Needs: "database-setup", Run: c.tenantRoleRights},
		{Name: "gate-rights", About: "the logins of the system and the gates may do nothing beyond their work", Needs: "database-setup", Run: c.gateRights},
		{Name: "tenant-gates", About: "there are gates enough for the tenants, and connections for the gates", Needs: "database-migrations", Run: c.tenantGates},
		{Name: "database-citus", About: "on Citus, tenants' schemas lie on nodes that let tenants' roles in, and ours on the coordinator", Needs: "database-setup", Run: c.citus},
		{Name: "database-connections", About: "`DB_MAX_CONNS` fits into the server's `max_connections`, twice for an upgrade", Needs: "database-transactions", Run: c.connections},
		{Name: "database-locks", About: "the server has locks enough for a dump of all tables", Needs: "database-transactions", Run: c.locks},
		{Name: "database-prepared", About: "SQL inside a tenant can leave no prepared transaction behind", Needs: "database-setup", Run: c.preparedTransactions},
		{Name: "database-extensions", About: "tenants find the database's extensions", Needs: "database-transactions", Run: c.extensions},
		{Name: "database-durability", About: "`fsync`, `full_page_writes` and `synchronous_commit` are on", Needs: "database-transactions", Run: c.durability},
		{Name: "database-passwords", About: "`password_encryption` is `scram-sha-256`", Needs: "database-transactions", Run: c.passwordEncryption},
		{Name: "database-force-ssl", About: "`rds.force_ssl` is on, where there is such a parameter", Needs: "database-transactions", Run: c.forceSSL},
		{Name: "database-log", About: "the server's log doesn't show what statements carry", Needs: "database-transactions", Run: c.statementLog},
	}
}

// setItUp is the command that sets the database up as it is found.
func (c *checker) setItUp() string {
	if c.isCopy {
		return c.cfg.SetUpCopy()
	}
	return c.cfg.SetItUp()
}

func (c *checker) prepare(cfg pg.Config) (err error) {
	if c.cfg, err = cfg.WithDefaults(); err != nil {
		return err
	}
	if c.sets, err = schema.LoadSets(c.cfg); err != nil {
		return err
	}
	c.db = pg.ConnectOwn(c.cfg, 1)
	return nil
}

// readOne reads the one row of a query that takes no argument.
func (c *checker) readOne(ctx context.Context, into any, query string) error {
	return pg.OwnGet(ctx, c.db, c.cfg, into, query)
}

// readAll reads all rows of a query that takes no argument.
func (c *checker) readAll(ctx context.Context, into any, query string) error {
	return pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, into, query)
	})
}
