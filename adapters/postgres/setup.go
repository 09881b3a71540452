package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

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
}

// Setup makes what the installation needs, and brings it and all tenants to the
// newest version: the database if it's missing, the schemas, the logins and
// what each may do. It tells report, line by line, what it did and what is left
// to do by somebody who may. It may be repeated, and run beside another.
//
// Where Config.User lacks a right, the error is [CodeRightsLacking] and names what
// to grant.
func Setup(ctx context.Context, cfg Config, report func(line string)) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	s := &setup{cfg: cfg, report: report}
	if s.sets, err = loadSets(cfg); err != nil {
		return err
	}
	s.login = newOwnConnector(cfg)
	s.pool = s.login.pool(1)
	defer func() { _ = s.pool.Close() }()
	if err := s.ensureDatabase(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.installation, s.ownPassword, s.shared, s.publish, s.tenants, s.verify} {
		if err := step(ctx); err != nil {
			return s.explain(ctx, err)
		}
	}
	return nil
}

func (s *setup) did(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// setupLock is the transaction's advisory lock that lets one setup work at a time.
const setupLock = 0x706172747977 // "partyw"

// step runs fn in a transaction of its own, alone among all setups. It waits as
// long as it takes; a lock that a migration needs has the configured timeout.
func (s *setup) step(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	s.lines = nil
	scope := newOwnScope("setup", setting{"statement_timeout", "0"}, setting{"lock_timeout", "0"})
	err := inScope(ctx, s.pool, scope, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`
			SELECT pg_advisory_xact_lock(%d);
			SET LOCAL lock_timeout = %s;
			-- On Citus a new schema would be spread over the nodes.
			SELECT set_config(name, 'off', true) FROM pg_settings WHERE name = 'citus.enable_schema_based_sharding'`,
			setupLock, milliseconds(s.cfg.LockTimeout))); err != nil {
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

// migrateSystem runs the system's own migrations, the first of which makes the ledger.
func (s *setup) migrateSystem(ctx context.Context, tx *sqlx.Tx) error {
	var begun bool
	if err := tx.GetContext(ctx, &begun, `SELECT to_regclass('partywall.migrations') IS NOT NULL`); err != nil {
		return err
	}
	if begun {
		return s.runNew(ctx, tx, s.sets.system)
	}
	s.didRun(s.sets.system, s.sets.system.migrations)
	return s.sets.system.run(ctx, tx, "", s.sets.system.migrations)
}

func (s *setup) runNew(ctx context.Context, tx *sqlx.Tx, of set) error {
	applied, err := of.runNew(ctx, tx, "")
	s.didRun(of, applied)
	return err
}

func (s *setup) didRun(of set, migrations []migration) {
	for _, m := range migrations {
		s.did("ran the migration %s/%s", of.name, m.name)
	}
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

// shared runs the product's migrations of what all tenants share.
func (s *setup) shared(ctx context.Context) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		return s.runNew(ctx, tx, s.sets.shared)
	})
}

// tenants brings every tenant that is behind to the newest version, each in a
// transaction of its own. It stops at the first failure; the next setup goes on there.
func (s *setup) tenants(ctx context.Context) error {
	brought := 0
	for after := ""; ; {
		id, err := s.nextTenant(ctx, after)
		if err != nil {
			return err
		}
		if id.IsZero() {
			break
		}
		changed, err := s.tenant(ctx, id)
		if err != nil {
			return err
		}
		if changed {
			brought++
		}
		after = id.String()
	}
	if brought > 0 {
		s.report(fmt.Sprintf("brought %d tenants to the newest version", brought))
	}
	return nil
}

// nextTenant returns the next one that lacks a migration, or the zero TenantID.
func (s *setup) nextTenant(ctx context.Context, after string) (domain.TenantID, error) {
	wanted := 0
	var names []string
	for _, set := range s.sets.tenant {
		wanted += len(set.migrations)
		names = append(names, set.name)
	}
	var next string
	err := ownGet(ctx, s.pool, s.cfg, &next, `
		SELECT coalesce(min(t.id), '') FROM partywall.tenants t WHERE t.id > $1
		AND (SELECT count(*) FROM partywall.migrations m WHERE m.tenant = t.id AND m.set = ANY ($2)) < $3`,
		after, pq.Array(names), wanted)
	if err != nil || next == "" {
		return domain.TenantID{}, err
	}
	return domain.ParseTenantID(next)
}

// tenant runs what one tenant lacks, and reports whether that was anything.
func (s *setup) tenant(ctx context.Context, id domain.TenantID) (changed bool, err error) {
	err = s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var exists bool // a sweep may have come first; now it waits
		if err := tx.GetContext(ctx, &exists, `
			SELECT count(*) > 0 FROM (SELECT FROM partywall.tenants WHERE id = $1 FOR NO KEY UPDATE) tenant`, id.String()); err != nil || !exists {
			return err
		}
		for _, set := range s.sets.tenant {
			applied, err := set.runNew(ctx, tx, id.String())
			if err != nil {
				return inTenant(err, id)
			}
			changed = changed || len(applied) > 0
		}
		return nil
	})
	return changed, err
}

// inTenant says in which tenant a migration failed.
func inTenant(err error, id domain.TenantID) error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		e.Message += fmt.Sprintf(" (in tenant %s)", id)
	}
	return err
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
