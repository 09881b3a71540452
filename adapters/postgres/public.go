package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/setup"
)

// Config says how to reach the database, and what a tenant is made of. [Defaults]
// returns the values of fields that may be zero.
type Config = pg.Config

// Defaults returns the values of the fields that may be zero. SSLMode depends on the
// host: see [DefaultSSLMode].
func Defaults() Config { return pg.Defaults() }

// DefaultSSLMode returns disable for a host whose connections stay on this machine, and
// verify-full for any other.
func DefaultSSLMode(host string) string { return pg.DefaultSSLMode(host) }

// The choices of [Config.Roles].
const (
	RolesAuto = pg.RolesAuto // decided at the first setup: on if the user may make roles
	RolesOn   = pg.RolesOn
	RolesOff  = pg.RolesOff // the path is the only wall
)

// The codes of what [Open] and [Setup] refuse, for the operator to correct.
const (
	CodeNotSetUp         = pg.CodeNotSetUp
	CodeBehind           = pg.CodeBehind
	CodeMigrationChanged = pg.CodeMigrationChanged
	CodeMigrationFailed  = pg.CodeMigrationFailed
	CodeLocked           = pg.CodeLocked          // other sessions hold a lock that setup needs
	CodeSetupIncomplete  = pg.CodeSetupIncomplete // setup did all that it could; what is left concerns some tenants, or new ones
	CodeLoginRefused     = pg.CodeLoginRefused
	CodeRolesMismatch    = pg.CodeRolesMismatch
	CodeOtherProgram     = pg.CodeOtherProgram // a product set the database up, with what this program lacks
	CodeRightsLacking    = pg.CodeRightsLacking
	CodeCopy             = pg.CodeCopy
	CodeOneGateProgram   = pg.CodeOneGateProgram
)

// The codes of a scope that its function used wrongly. All are [domain.Internal].
const (
	CodeScopeNested = pg.CodeScopeNested // InTenant inside InTenant
	CodeScopeEnded  = pg.CodeScopeEnded  // it committed or rolled back by itself
	CodeScopeFailed = pg.CodeScopeFailed // a statement's error wasn't returned
)

// TxOption says how the transaction of a scope behaves.
type TxOption = pg.TxOption

// ReadOnly has the server refuse what writes, as fn's own error (25006).
func ReadOnly(o *sql.TxOptions) { pg.ReadOnly(o) }

// Isolation has the transaction run at the level: [sql.LevelReadCommitted], the
// server's default, [sql.LevelRepeatableRead] or [sql.LevelSerializable]. At the
// last two the server may refuse a statement or the commit, because another
// transaction came between: see [Retryable].
func Isolation(level sql.IsolationLevel) TxOption { return pg.Isolation(level) }

// Retryable reports whether err says that another transaction came between: a
// serialization failure (40001) or a deadlock (40P01). Nothing was committed, and
// the same work in a new transaction may succeed.
func Retryable(err error) bool { return pg.Retryable(err) }

// MigrationStatus is how far the tenants are with the migrations of a program.
type MigrationStatus = inspection.MigrationStatus

// Versions are the numbers of the last migrations, 0 for none: of Partywall's own
// files for tenants, and of the product's.
type Versions = inspection.Versions

// BehindTenant is a tenant that lacks a migration. The program answers its requests
// with [domain.CodeTenantUpgrading] until [Setup] has brought it up to date.
type BehindTenant = inspection.BehindTenant

// Migrations reads how far the tenants of an installation are with the migrations
// of cfg, and which tenants lack their schemas. A database that is not set up is [CodeNotSetUp].
func Migrations(ctx context.Context, cfg pg.Config) (MigrationStatus, error) {
	return inspection.ReadMigrations(ctx, cfg)
}

// Setup makes what the installation needs, and brings it and all tenants to the
// newest version: the database if it's missing, the schemas, the logins and what
// each may do. It passes to report, line by line, what it did and what an operator with
// more rights has left to do. It may be repeated, and run beside another.
//
// Where Config.User lacks a right, the error is [CodeRightsLacking] and names what
// to grant.
//
// A copy of an installation on the same server is [CodeCopy], since both would set
// the passwords of the same logins: [SetupCopy] is for it.
func Setup(ctx context.Context, cfg pg.Config, report func(line string), options ...SetupOption) error {
	return setup.Run(ctx, cfg, report, options...)
}

// SetupCopy is [Setup] for a copy of an installation on the same server: it names
// the installation in cfg.Database anew and gives it logins, roles and grants of
// its own. The original is [CodeCopy]. A database that is neither is set up as it is.
func SetupCopy(ctx context.Context, cfg pg.Config, report func(line string), options ...SetupOption) error {
	return setup.RunCopy(ctx, cfg, report, options...)
}

// SetupOption sets how [Setup] brings the tenants to the newest version: [SetupWorkers]
// or [OnSetupProgress].
type SetupOption = setup.Option

// SetupWorkers lets [Setup] migrate up to n tenants at a time, each on a connection of
// its own. [DefaultMigrateOptions] has the default.
func SetupWorkers(n int) SetupOption { return setup.Workers(n) }

// OnSetupProgress calls progress as often as every says while [Setup] migrates tenants,
// or reports a line if progress is nil. Without it, Setup reports a line every ten seconds.
func OnSetupProgress(every time.Duration, progress func(MigrationProgress)) SetupOption {
	return setup.OnProgress(every, progress)
}
