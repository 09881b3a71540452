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
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// CodeSetupIncomplete is the code of a [Setup] that did everything possible. What is
// left concerns some tenants, or new ones.
const CodeSetupIncomplete = postgres.CodeSetupIncomplete

// ErrNoPostgres reports that no database is configured, and that this machine has no
// PostgreSQL for a private one. The error that wraps it contains the line that
// installs it.
var ErrNoPostgres = embeddedpg.ErrNoBinaries

// Registry is the database of an installation without the other parts. Commands use it
// to act as the operator. It sends no mail.
type Registry struct {
	Tenants     *tenants.Service
	Members     *members.Service
	Invitations *invitations.Service
	Events      *events.Service
	Provider    string // of the identities of this installation

	users   ports.UserStore // nil unless identities are built in
	sql     *postgres.DB
	config  Config
	stores  stores
	objects *lateObjects
	close   func() error
}

// MayProvision is [Partywall.MayProvision].
func (r *Registry) MayProvision(ctx context.Context) error { return r.sql.MayProvision(ctx) }

// OpenRegistry opens the database that cfg names. It uses a running private one, or
// starts it.
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
	stores, objects := storesOf(db), &lateObjects{config: cfg.withDefaults()}
	registry := &Registry{
		Provider: cmp.Or(cfg.Cognito.PoolID, idp.ProviderName),
		sql:      db,
		config:   cfg,
		stores:   stores,
		objects:  objects,
		close:    func() error { return errors.Join(objects.Close(), db.Close(), stop()) },
	}
	registry.Members, registry.Tenants = stores.services(cfg)
	registry.Tenants.Objects, registry.Tenants.ObjectTenants = objects, objects
	registry.Invitations = stores.invitationService(cfg.withDefaults())
	registry.Events = stores.eventService(cfg)
	if cfg.Cognito.PoolID == "" {
		registry.users = stores.users
	}
	return registry, nil
}

// Identity returns the identity with the subject, and whether it was looked up. Only the
// users of the built-in identities are in the database; an unknown one is
// [domain.NotFound]. The subject may have the provider in front, as in the log.
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

// withAddress adds the database's address to err and, if no server
// answers at that address, the reason.
func withAddress(ctx context.Context, err error, database postgres.Config) error {
	const patience = 2 * time.Second
	network, address := database.NetworkAddress()
	dialer := net.Dialer{Timeout: patience}
	conn, dialErr := dialer.DialContext(ctx, network, address)
	if dialErr != nil {
		return fmt.Errorf("the database %s at %s is not ready: %w; check DB_HOST and DB_PORT, and whether the server is running", database.Database, address, dialErr)
	}
	conn.Close()
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Err != nil {
		err = e.Err // it says what to do
	}
	return fmt.Errorf("the database %s at %s is not ready: %w", database.Database, address, err)
}

// Close closes the database, and stops a private one that OpenRegistry started.
func (r *Registry) Close() error { return r.close() }

// Setup creates the database that cfg names, its schemas and roles, or upgrades them,
// and reports each step in a line, unless report is nil. It may be repeated. If it
// succeeded for all but some tenants, or found that no tenant can be created, its error is
// [CodeSetupIncomplete], and the program may be started. It also reports likely mistakes
// in the settings of a user pool, if the credentials allow it.
func Setup(ctx context.Context, cfg Config, report func(line string), options ...SetupOption) error {
	return setUpBy(ctx, cfg, report, options, postgres.Setup)
}

// SetupCopy is [Setup] for a copy of an installation's database on the same server.
// The copy gets its own name, logins, roles and grants. The original is
// refused. `partywall setup --new-installation` calls it.
func SetupCopy(ctx context.Context, cfg Config, report func(line string), options ...SetupOption) error {
	return setUpBy(ctx, cfg, report, options, postgres.SetupCopy)
}

// SetupOption sets how [Setup] brings the tenants to the newest version: [SetupWorkers]
// or [OnSetupProgress].
type SetupOption = postgres.SetupOption

// SetupWorkers lets [Setup] migrate up to n tenants at a time, each on a connection of
// its own. [DefaultMigrateOptions] has the default.
func SetupWorkers(n int) SetupOption { return postgres.SetupWorkers(n) }

// OnSetupProgress calls progress as often as every says while [Setup] migrates tenants,
// or reports a line if progress is nil. Without it, Setup reports a line every ten seconds.
func OnSetupProgress(every time.Duration, progress func(MigrationProgress)) SetupOption {
	return postgres.OnSetupProgress(every, progress)
}

func setUpBy(ctx context.Context, cfg Config, report func(line string), options []SetupOption,
	run func(context.Context, postgres.Config, func(string), ...SetupOption) error) error {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return err
	}
	report = orSilent(report)
	report("setting up database " + database.Database + " at " + database.Address())
	err = errors.Join(run(ctx, database, report, options...), stop())
	if err == nil {
		warnOfPool(ctx, cfg, report)
	}
	return err
}

// orSilent returns report, or a function that drops the lines in place of nil.
func orSilent(report func(line string)) func(line string) {
	if report == nil {
		return func(string) {}
	}
	return report
}

// MigrationStatus reports how many of the program's migrations the tenants of an
// installation have.
type MigrationStatus = postgres.MigrationStatus

// BehindTenant is a tenant that lacks a migration of the program.
type BehindTenant = postgres.BehindTenant

// Migrations reads the status of the tenants in the database that cfg names, for the
// migrations of cfg.
func Migrations(ctx context.Context, cfg Config) (MigrationStatus, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return MigrationStatus{}, err
	}
	status, err := postgres.Migrations(ctx, database)
	return status, errors.Join(err, stop())
}

// warnOfPool reports likely mistakes in the settings of the user pool, if the
// credentials allow it.
func warnOfPool(ctx context.Context, cfg Config, report func(line string)) {
	p := &Partywall{config: cfg.withDefaults()}
	cloud, err := p.loadAWS(ctx)
	if err != nil || !p.usesCognito() {
		return // serve reports it
	}
	for _, f := range cognito.RunChecks(ctx, p.cognitoConfig(cloud), time.Now) {
		if slices.Contains([]string{"cognito-address-change", "cognito-existence", "cognito-flows"}, f.Check) && f.Fix != "" {
			report("check the user pool: " + f.Summary + "; fix: " + f.Fix)
		}
	}
}

// reach returns how to connect to the configured database, or to a private one, and how
// to release it.
func reach(ctx context.Context, cfg Config) (postgres.Config, func() error, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return postgres.Config{}, nil, err
	}
	if cfg.Database.Host != "" {
		return postgresConfig(cfg), func() error { return nil }, nil
	}
	database, server, err := startPrivate(ctx, cfg)
	if err != nil {
		return postgres.Config{}, nil, err
	}
	return database, server.Close, nil
}
