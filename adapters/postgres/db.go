package postgres

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// DB is an installation of Partywall on a database. It is safe for concurrent use.
type DB struct {
	cfg    pg.Config
	sets   schema.Sets
	logger *slog.Logger

	upToDate  string // [schema.AtLeast] of sets.Tenant, which each opening needs
	routes    installation.Routes
	placement installation.Placement

	own    *pg.Pool                            // logs in as Config.User: provisions and sweeps
	claims chan struct{}                       // has room for the claims that may be at work
	others atomic.Pointer[installation.Logins] // nil until the database was reached and found in order
	reason atomic.Pointer[error]               // why the last attempt to reach it failed

	stop    context.CancelFunc
	running sync.WaitGroup
}

// Open looks at the database, and serves it until Close.
//
// A database that isn't set up is [CodeNotSetUp], one behind the migrations
// [CodeBehind], one with a migration that was changed later
// [CodeMigrationChanged], a refused log-in [CodeLoginRefused]. Where the
// database can't be reached yet, Open succeeds: the DB isn't ready, all its
// methods return [domain.CodeDatabaseUnavailable], and it retries by itself.
func Open(ctx context.Context, cfg pg.Config) (*DB, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	sets, err := schema.LoadSets(cfg)
	if err != nil {
		return nil, err
	}
	size, _, _ := cfg.PoolSizes()
	db := &DB{
		cfg: cfg, sets: sets, logger: cfg.Logger, upToDate: schema.AtLeast(sets.Tenant),
		own: pg.NewPool(cfg, pg.NewOwnConnector(cfg), size), claims: make(chan struct{}, claimsPerConn*size), stop: func() {},
	}
	switch err := db.begin(ctx); {
	case err == nil:
	case errors.Is(err, domain.Unavailable):
		db.logger.WarnContext(ctx, "cannot reach the database yet; retrying", "host", cfg.Host, "port", cfg.Port, "error", err)
		db.retry()
	default:
		_ = db.own.DB.Close()
		return nil, err
	}
	return db, nil
}

// Close ends the connections. What runs may end first; nothing new begins.
func (db *DB) Close() error {
	db.stop()
	db.running.Wait()
	errs := []error{db.own.DB.Close()}
	if l := db.others.Load(); l != nil {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// Ready returns nil when the registry and a gate can be used now, and their logins are
// let in: connections that are open outlive a change of their password. Each call looks
// at another gate.
func (db *DB) Ready(ctx context.Context) error {
	logins, err := db.logins()
	if err != nil {
		return pg.Translate(ctx, err, "ping")
	}
	count, err := pg.One(ctx, logins.System, scanInt, `SELECT gates FROM partywall.installation`)
	if err != nil {
		return pg.Translate(ctx, err, "ping")
	}
	logins.Gates.SetCount(count)
	gate := logins.Gates.InTurn()
	if err := gate.Ping(ctx); err != nil {
		return pg.Translate(ctx, err, "ping")
	}
	for _, pool := range append(logins.Registry(), gate, db.own) {
		if err := pool.Connector.Probe(ctx); err != nil {
			return pg.Translate(ctx, err, "log in anew")
		}
	}
	return nil
}

// logins returns the pools that serve, or says that there are none yet.
func (db *DB) logins() (*installation.Logins, error) {
	if l := db.others.Load(); l != nil {
		return l, nil
	}
	away := domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("the database cannot be reached yet; try again")
	if reason := db.reason.Load(); reason != nil {
		away = away.WithCause(pg.Reason(*reason))
	}
	return nil, away
}

// begin reaches the database, and keeps the reason where it can't.
func (db *DB) begin(ctx context.Context) error {
	err := db.reach(ctx)
	if err != nil {
		db.reason.Store(&err)
	}
	return err
}

// reach inspects the database, and makes the pools that serve.
func (db *DB) reach(ctx context.Context) error {
	in, err := inspection.Inspect(ctx, db.own.DB, db.cfg, db.sets)
	if err != nil {
		return err
	}
	l := installation.LogIn(db.cfg, in)
	refused, err := l.TryAll(ctx, db.cfg)
	if err != nil {
		_ = l.Close()
		return err
	}
	for _, err := range refused {
		db.logger.ErrorContext(ctx, "a gate is locked out; its tenants are not served", "error", err)
	}
	db.others.Store(l)
	db.warnOfTenantsBehind(ctx, l)
	return nil
}

// warnOfTenantsBehind logs which tenants this program refuses to serve.
func (db *DB) warnOfTenantsBehind(ctx context.Context, l *installation.Logins) {
	err := l.System.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		status, err := inspection.ReadMigrationStatus(ctx, tx, db.sets.Tenant)
		if err == nil && len(status.Behind) > 0 {
			db.logger.WarnContext(ctx, status.Summary(), "fix", status.Fix(db.cfg))
		}
		return err
	})
	if err != nil {
		db.logger.WarnContext(ctx, "cannot read whether tenants are behind the program's migrations", "error", err)
	}
}

// retry begins again and again, in the background, until that succeeds.
func (db *DB) retry() {
	const pause = time.Second
	ctx, stop := context.WithCancel(context.Background())
	db.stop = stop
	db.running.Go(func() {
		for last := ""; ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			err := db.begin(ctx)
			if err == nil {
				db.logger.InfoContext(ctx, "the database can be used now")
				return
			}
			if err.Error() != last && ctx.Err() == nil {
				last = err.Error()
				db.logger.WarnContext(ctx, "cannot use the database yet; retrying", "error", err)
			}
		}
	})
}
