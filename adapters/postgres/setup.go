package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// setup is one run of [Setup].
type setup struct {
	cfg    Config
	sets   sets
	login  *connector // as cfg.User
	pool   *sqlx.DB   // of login
	in     installation
	lines  []string // what the running transaction did
	report func(line string)

	lockWait time.Duration // how long the running transaction waits for a lock
	every    time.Duration // how often tenants' progress is reported
	left     []string      // what setup could not do, while it went on with the rest
}

// Setup makes what the installation needs, and brings it and all tenants to the
// newest version: the database if it's missing, the schemas, the logins and
// what each may do. It tells report, line by line, what it did and what is left
// to do by somebody who may. It may be repeated, and run beside another.
//
// Where Config.User lacks a right, the error is [CodeRightsLacking] and names what
// to grant.
func Setup(ctx context.Context, cfg Config, report func(line string)) error {
	return runSetup(ctx, cfg, 10*time.Second, report)
}

// runSetup is [Setup], which reports every so often how far the tenants are.
func runSetup(ctx context.Context, cfg Config, every time.Duration, report func(line string)) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	s := &setup{cfg: cfg, report: report, every: every}
	if s.sets, err = loadSets(cfg); err != nil {
		return err
	}
	s.lockWait = s.cfg.LockTimeout
	s.login = newOwnConnector(cfg)
	s.pool = s.login.pool(1)
	defer func() { _ = s.pool.Close() }()
	if err := s.ensureDatabase(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.patiently(s.installation), s.ownPassword, s.patiently(s.shared), s.patiently(s.tryTenant), s.patiently(s.publish), s.tenants, s.verify} {
		if err := step(ctx); err != nil {
			return s.explain(ctx, err)
		}
	}
	return s.incomplete()
}

func (s *setup) did(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// setupLock is the transaction's advisory lock that lets one setup work at a time.
const setupLock = 0x706172747977 // "partyw"

// step runs fn in a transaction of its own, alone among all setups. It waits for
// other setups as long as it takes, and for the locks of other sessions for
// s.lockWait.
func (s *setup) step(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	s.lines = nil
	scope := newOwnScope("setup", setting{"statement_timeout", "0"},
		setting{"lock_timeout", milliseconds(s.lockWait)})
	err := inScope(ctx, s.pool, scope, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`
			SET LOCAL lock_timeout = 0;
			SELECT pg_advisory_xact_lock(%d);
			SET LOCAL lock_timeout = %s`, setupLock, milliseconds(s.lockWait))); err != nil {
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
		// On Citus a new schema would be spread over the nodes.
		_, err := tx.ExecContext(ctx, `SELECT set_config(name, 'off', true) FROM pg_settings WHERE name = 'citus.enable_schema_based_sharding'`)
		if err != nil {
			return err
		}
		if err := s.ensureSchemas(ctx, tx); err != nil {
			return err
		}
		if err := s.migrateSystem(ctx, tx); err != nil {
			return err
		}
		if err := s.decide(ctx, tx); err != nil {
			return err
		}
		if err := s.recordProduct(ctx, tx); err != nil {
			return err
		}
		if !s.in.roles {
			return s.ensureOnlyLogin(ctx, tx)
		}
		return s.ensureLogins(ctx, tx)
	})
}

func (s *setup) ensureSchemas(ctx context.Context, tx *sqlx.Tx) error {
	for _, schema := range []string{systemSchema, extensionSchema, sharedSchema} {
		var exists bool
		if err := tx.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, schema); err != nil {
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

// decide gives the installation its name and says whether tenants have roles,
// unless an earlier setup did.
func (s *setup) decide(ctx context.Context, tx *sqlx.Tx) error {
	var may bool
	if err := tx.GetContext(ctx, &may, `SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = CURRENT_USER`); err != nil {
		return err
	}
	in, err := readInstallation(ctx, tx)
	if errors.Is(err, errNoInstallation) {
		in, err = s.found(ctx, tx, may)
	}
	if err != nil {
		return err
	}
	if in.roles && !may {
		return forbidden(nil, "the user %[1]q may not create roles: run ALTER ROLE %[1]s CREATEROLE as a superuser, or set TENANT_ROLES=off at the first setup", s.cfg.User)
	}
	s.in = in
	return agree(s.cfg, in)
}

// found decides for the first time.
func (s *setup) found(ctx context.Context, tx *sqlx.Tx, mayCreateRoles bool) (in installation, err error) {
	name := make([]byte, 4)
	rand.Read(name)
	in.inst, in.roles = hex.EncodeToString(name), s.cfg.Roles == RolesOn || s.cfg.Roles == RolesAuto && mayCreateRoles
	switch {
	case in.roles:
		s.did("each tenant gets a role of its own (TENANT_ROLES)")
	case s.cfg.Roles == RolesAuto:
		s.did("tenants get no roles, since %s may create none: the search path is the only wall", s.cfg.User)
	default:
		s.did("tenants get no roles, as TENANT_ROLES=off says: the search path is the only wall")
	}
	return in, tx.GetContext(ctx, &in.version, `
		INSERT INTO partywall.installation (inst, roles) VALUES ($1, $2)
		RETURNING current_setting('server_version_num')::int`, in.inst, in.roles)
}

// verify opens the installation as serving it would.
func (s *setup) verify(ctx context.Context) error {
	if _, err := inspect(ctx, s.pool, s.cfg, s.sets); err != nil {
		return err
	}
	l := s.cfg.logIn(s.in)
	defer func() { _ = l.close() }()
	return l.tryAll(ctx, s.cfg)
}

// explain says what is missing for what the database denied.
func (s *setup) explain(ctx context.Context, err error) error {
	if _, explained := errors.AsType[*domain.Error](err); !explained && sqlState(err) == pqerror.InsufficientPrivilege {
		return forbidden(err, "the user %[1]q may not do all that setup needs (%[2]s): make it the owner of the database, with ALTER DATABASE %[3]s OWNER TO %[1]s as a superuser", s.cfg.User, complaint(err), s.cfg.Database)
	}
	return translate(ctx, err, "set up")
}

func forbidden(err error, format string, args ...any) *domain.Error {
	return refusal(CodeRightsLacking, err, format, args...)
}
