package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// setup is one run of setup.
type setup struct {
	cfg    pg.Config
	sets   schema.Sets
	login  *pg.Connector // as cfg.User
	pool   *sqlx.DB      // of login
	in     installation.Installation
	lines  []string // what the running transaction did
	report func(line string)

	lockWait        time.Duration // how long the running transaction waits for a lock
	fleet           fleet.Options // how tenants are brought to the newest version
	tenantsReport   fleet.Report  // what came of that
	goOn            string        // how the operator goes on after what is left
	left            []string      // what setup could not do, while it went on with the rest
	newInstallation bool          // see RunCopy
}

// Run makes what the installation of cfg needs, and brings it and all tenants to the
// newest version. It passes to report, line by line, what it did and what is left to
// the operator.
func Run(ctx context.Context, cfg pg.Config, report func(line string), options ...Option) error {
	return newSetup(report, options).run(ctx, cfg)
}

// RunCopy is [Run] for a copy of an installation on the same server. It gives the copy
// a new name, and roles of its own, first.
func RunCopy(ctx context.Context, cfg pg.Config, report func(line string), options ...Option) error {
	s := newSetup(report, options)
	s.newInstallation = true
	return s.run(ctx, cfg)
}

func newSetup(report func(line string), options []Option) *setup {
	s := &setup{report: report}
	for _, set := range options {
		set(&s.fleet)
	}
	return s
}

func (s *setup) run(ctx context.Context, cfg pg.Config) error {
	if err := s.begin(cfg); err != nil {
		return err
	}
	defer func() { _ = s.pool.Close() }()
	s.goOn = s.cfg.SetItUp()
	if err := s.ensureDatabase(ctx); err != nil {
		return err
	}
	return s.steps(ctx,
		s.patiently(s.installation), s.ownPassword, s.patiently(s.tryNodes), s.patiently(s.shared), s.patiently(s.tryTenant), s.patiently(s.publish), s.tenants, s.grants, s.schemas, s.verify)
}

// begin reads the configuration, and makes the pool. It connects to nothing yet.
func (s *setup) begin(cfg pg.Config) (err error) {
	if s.cfg, err = cfg.WithDefaults(); err != nil {
		return err
	}
	if s.sets, err = schema.LoadSets(s.cfg); err != nil {
		return err
	}
	s.lockWait = s.cfg.LockTimeout
	s.login = pg.NewOwnConnector(s.cfg)
	s.pool = s.login.Pool(1)
	return nil
}

func (s *setup) steps(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return s.explain(ctx, err)
		}
	}
	return s.incomplete()
}

func (s *setup) did(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// step runs fn in a transaction of its own, alone among all setups. It waits for
// other setups as long as it takes, and for the locks of other sessions for
// s.lockWait.
func (s *setup) step(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	s.lines = nil
	scope := pg.NewOwnScope("setup", pg.Setting{Name: "statement_timeout", Value: "0"},
		pg.Setting{Name: "lock_timeout", Value: pg.Milliseconds(s.lockWait)},
		pg.Setting{Name: "idle_in_transaction_session_timeout", Value: "0"})
	err := pg.InScope(ctx, s.pool, scope, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`
			SET LOCAL lock_timeout = 0;
			SELECT pg_advisory_xact_lock(%d);
			SET LOCAL lock_timeout = %s`, installation.SetupLock, pg.Milliseconds(s.lockWait))); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, line := range s.lines {
		s.report(line)
	}
	return nil
}

// installation makes all that isn't a tenant's or the product's.
func (s *setup) installation(ctx context.Context) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, installation.KeepFromNodes); err != nil {
			return err
		}
		if err := s.ensureSchemas(ctx, tx); err != nil {
			return err
		}
		if err := s.migrateSystem(ctx, tx); err != nil {
			return err
		}
		if err := s.ensureInstallation(ctx, tx); err != nil {
			return err
		}
		if err := s.recordProduct(ctx, tx); err != nil {
			return err
		}
		if err := s.reportExtensions(ctx, tx); err != nil {
			return err
		}
		if err := s.resolveCopy(ctx, tx); err != nil {
			return err
		}
		if !s.in.Roles {
			return s.ensureOnlyLogin(ctx, tx)
		}
		if err := s.ensureLogins(ctx, tx); err != nil {
			return err
		}
		return s.reportLater(ctx, tx)
	})
}

func (s *setup) ensureSchemas(ctx context.Context, tx *sqlx.Tx) error {
	for _, schema := range []string{pg.SystemSchema, pg.ExtensionSchema, pg.SharedSchema} {
		exists, err := s.findSchema(ctx, tx, schema)
		if err != nil {
			return err
		}
		if exists {
			continue
		}
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+pq.QuoteIdentifier(schema)); err != nil {
			return err
		}
		s.did("made the schema %s", schema)
	}
	_, err := tx.ExecContext(ctx, `GRANT USAGE ON SCHEMA ext, shared TO PUBLIC`)
	return err
}

// findSchema reports whether there is the schema. One that another user made before
// the first setup is refused: its owner could plant functions in it.
func (s *setup) findSchema(ctx context.Context, tx *sqlx.Tx, schema string) (bool, error) {
	var found []struct {
		Owner string
		Ours  bool
	}
	err := tx.SelectContext(ctx, &found, `
		SELECT o.rolname AS owner, o.rolname = CURRENT_USER OR to_regclass('partywall.installation') IS NOT NULL
			OR pg_has_role(CURRENT_USER, o.oid, 'USAGE') AND NOT me.rolsuper AS ours
		FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner JOIN pg_roles me ON me.rolname = CURRENT_USER
		WHERE n.nspname = $1`, schema)
	if err != nil || len(found) == 0 {
		return false, err
	}
	if !found[0].Ours {
		return false, pg.Forbidden(nil, "the schema %q exists already and belongs to %s, not to %s: drop or rename it, or set DB_NAME to another database", schema, found[0].Owner, s.cfg.User)
	}
	return true, nil
}

// ensureInstallation gives the installation its name and decides whether tenants have
// roles, unless an earlier setup did.
func (s *setup) ensureInstallation(ctx context.Context, tx *sqlx.Tx) error {
	var may bool
	if err := tx.GetContext(ctx, &may, `SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = CURRENT_USER`); err != nil {
		return err
	}
	in, err := installation.Read(ctx, tx)
	if errors.Is(err, installation.ErrNone) {
		in, err = s.createInstallation(ctx, tx, may)
	}
	if err != nil {
		return err
	}
	if in.Roles && !may {
		return pg.Forbidden(nil, "the user %[1]q may not create roles: run ALTER ROLE %[1]s CREATEROLE as a superuser, or set TENANT_ROLES=off at the first setup", s.cfg.User)
	}
	s.in = in
	return inspection.Agree(s.cfg, in)
}

// createInstallation decides for the first time.
func (s *setup) createInstallation(ctx context.Context, tx *sqlx.Tx, mayCreateRoles bool) (in installation.Installation, err error) {
	in.Gates = 1
	in.Name, in.Roles = installation.NewName(), s.cfg.Roles == pg.RolesOn || s.cfg.Roles == pg.RolesAuto && mayCreateRoles
	switch {
	case in.Roles:
		s.did("each tenant gets a role of its own (TENANT_ROLES)")
	case s.cfg.Roles == pg.RolesAuto:
		s.did("tenants get no roles, since %s may create none: the search path is the only wall", s.cfg.User)
	default:
		s.did("tenants get no roles, as TENANT_ROLES=off says: the search path is the only wall")
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO partywall.installation (inst, roles) VALUES ($1, $2)`, in.Name, in.Roles); err != nil {
		return in, err
	}
	return installation.Read(ctx, tx)
}

// verify opens the installation as a program that serves it does.
func (s *setup) verify(ctx context.Context) error {
	if _, err := inspection.Inspect(ctx, s.pool, s.cfg, s.sets); err != nil {
		return err
	}
	l := installation.LogIn(s.cfg, s.in)
	defer func() { _ = l.Close() }()
	refused, err := l.TryAll(ctx, s.cfg)
	return errors.Join(append(refused, err)...)
}
