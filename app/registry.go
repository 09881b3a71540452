package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// CodeSetupIncomplete is the code of a [Setup] that did all that it could: what is
// left concerns some tenants, or new ones.
const CodeSetupIncomplete = postgres.CodeSetupIncomplete

// ErrNoPostgres says that nothing names a database, and this machine has no
// PostgreSQL to start a private one from. The error around it has the line that
// installs it.
var ErrNoPostgres = embeddedpg.ErrNoBinaries

// Registry is the database of an installation without the rest: what a command
// line works on as the operator. It sends no mail.
type Registry struct {
	Tenants  *tenants.Service
	Members  *members.Service
	Provider string // of the identities that sign in here

	users ports.UserStore // nil where they aren't built in
	sql   *postgres.DB
	close func() error
}

// MayProvision is [Partywall.MayProvision].
func (r *Registry) MayProvision(ctx context.Context) error { return r.sql.MayProvision(ctx) }

// OpenRegistry opens the database that cfg names: a private one is found where
// it runs, or started.
func OpenRegistry(ctx context.Context, cfg Config) (*Registry, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, database)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	if err := db.Ready(ctx); err != nil {
		if cfg.Database.Host != "" {
			err = withAddress(ctx, err, database)
		}
		return nil, errors.Join(err, db.Close(), stop())
	}
	stores := storesOf(db)
	registry := &Registry{
		Provider: cmp.Or(cfg.Cognito.PoolID, idp.ProviderName),
		sql:      db,
		close:    func() error { return errors.Join(db.Close(), stop()) },
	}
	registry.Members, registry.Tenants = stores.services(cfg, func(func(context.Context) error) {})
	if cfg.Cognito.PoolID == "" {
		registry.users = stores.users
	}
	return registry, nil
}

// Identity returns who has the subject, and whether that was looked up: only the
// users of the built-in identities are in the database. One that they don't have
// is [domain.NotFound]. The subject may be given as the log shows it, with the
// provider in front.
func (r *Registry) Identity(ctx context.Context, subject string) (who domain.Identity, found bool, err error) {
	subject = strings.TrimPrefix(subject, r.Provider+"/")
	who, err = domain.NewIdentity(r.Provider, subject)
	if err != nil || r.users == nil {
		return who, false, err
	}
	_, err = r.users.UserBySubject(ctx, subject)
	if domain.KindOf(err) == domain.NotFound {
		err = domain.Errorf(domain.NotFound, "no user has the sub %q; GET /auth/me shows a user theirs", subject)
	}
	return who, err == nil, err
}

// withAddress adds to err where the database was looked for and, if nothing
// answers there, why.
func withAddress(ctx context.Context, err error, database postgres.Config) error {
	const patience = 2 * time.Second
	network, address := database.NetworkAddress()
	dialer := net.Dialer{Timeout: patience}
	if conn, dialErr := dialer.DialContext(ctx, network, address); dialErr != nil {
		err = dialErr
	} else {
		conn.Close()
	}
	return fmt.Errorf("the database %s at %s isn't ready: %w; look at DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_SSLMODE, and whether the server runs", database.Database, address, err)
}

// Close closes the database, and stops a private one that OpenRegistry started.
func (r *Registry) Close() error { return r.close() }

// Setup makes the database that cfg names, its schemas and roles, or brings them
// up to date, and reports each thing it did in a line. It may be repeated. Where it
// did all but some tenants, or where it found that no tenant can be made, its error
// is [CodeSetupIncomplete], and the program may be started. Of a
// user pool it says what is likely not meant, where the credentials let it look.
func Setup(ctx context.Context, cfg Config, report func(line string)) error {
	return setUpBy(ctx, cfg, report, postgres.Setup)
}

// SetupCopy is [Setup] for a copy of an installation's database on the same server:
// it gives the copy a name, logins, roles and grants of its own. The original is
// refused. It is what `partywall setup --new-installation` does.
func SetupCopy(ctx context.Context, cfg Config, report func(line string)) error {
	return setUpBy(ctx, cfg, report, postgres.SetupCopy)
}

func setUpBy(ctx context.Context, cfg Config, report func(line string), run func(context.Context, postgres.Config, func(string)) error) error {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return err
	}
	report("setting up database " + database.Database + " at " + database.Address())
	err = errors.Join(run(ctx, database, report), stop())
	if err == nil {
		warnOfPool(ctx, cfg, report)
	}
	return err
}

// MigrationStatus is how far the tenants of an installation are with the program's
// migrations.
type MigrationStatus = postgres.MigrationStatus

// BehindTenant is a tenant that lacks a migration of the program.
type BehindTenant = postgres.BehindTenant

// Migrations reads how far the tenants are in the database that cfg names, with the
// migrations of cfg.
func Migrations(ctx context.Context, cfg Config) (MigrationStatus, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return MigrationStatus{}, err
	}
	status, err := postgres.Migrations(ctx, database)
	return status, errors.Join(err, stop())
}

// warnOfPool tells what in the user pool is likely not meant, where the
// credentials let it be seen.
func warnOfPool(ctx context.Context, cfg Config, report func(line string)) {
	p := &Partywall{config: cfg.withDefaults()}
	cloud, err := p.loadAWS(ctx)
	if err != nil || !p.usesCognito() {
		return // serve will say so
	}
	for _, f := range cognito.RunChecks(ctx, p.cognitoConfig(cloud), time.Now) {
		if slices.Contains([]string{"cognito-address-change", "cognito-existence", "cognito-flows"}, f.Check) && f.Fix != "" {
			report("look at the user pool: " + f.Summary + "; fix: " + f.Fix)
		}
	}
}

// reach returns how to reach the configured database, or a private one, and how
// to leave it again.
func reach(ctx context.Context, cfg Config) (postgres.Config, func() error, error) {
	cfg = cfg.withDefaults()
	if cfg.Database.Host != "" {
		return postgresConfig(cfg), func() error { return nil }, nil
	}
	database, server, err := startPrivate(ctx, cfg)
	if err != nil {
		return postgres.Config{}, nil, err
	}
	return database, server.Close, nil
}
