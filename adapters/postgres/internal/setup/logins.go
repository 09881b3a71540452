package setup

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// ensureLogins makes the makers and the logins, and gives them their passwords
// and what they may do. It alters only what differs: from PostgreSQL 16 on
// Config.User may alter nothing of a role that another role made, as after a
// restore.
func (s *setup) ensureLogins(ctx context.Context, tx *sqlx.Tx) error {
	if err := s.ensureMakers(ctx, tx); err != nil {
		return err
	}
	system := s.in.SystemRole()
	if err := s.ensureServing(ctx, tx, system); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, pg.Fill(installation.GrantSystem, map[string]string{"system": system})+";"+installation.CloseFunctions); err != nil {
		return err
	}
	for n := range s.in.Gates {
		if err := s.ensureGate(ctx, tx, n); err != nil {
			return err
		}
	}
	return s.ensureShared(ctx, tx)
}

// ensureGate makes the login of a gate, with its password and what it may do.
func (s *setup) ensureGate(ctx context.Context, tx *sqlx.Tx, n int) error {
	login := s.in.GateRole(n)
	if err := s.ensureServing(ctx, tx, login); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, pg.Fill(installation.GrantGate, map[string]string{"gate": login}))
	return err
}

// ensureServing makes a login that runs our own statements.
func (s *setup) ensureServing(ctx context.Context, tx *sqlx.Tx, login string) error {
	if err := s.ensureLogin(ctx, tx, login); err != nil {
		return err
	}
	if _, err := s.ensurePath(ctx, tx, login, pg.OwnPath); err != nil {
		return err
	}
	return s.ensureConnect(ctx, tx, login)
}

// ensureOnlyLogin closes the path of Config.User, as which all runs without roles.
func (s *setup) ensureOnlyLogin(ctx context.Context, tx *sqlx.Tx) error {
	changed, err := s.ensurePath(ctx, tx, s.cfg.User, pg.OwnPath)
	if changed {
		s.did("set the search path of %s in this database to %s: name other schemas in full", s.cfg.User, pg.OwnPath)
	}
	return err
}

func (s *setup) ensureLogin(ctx context.Context, tx *sqlx.Tx, login string) error {
	var found []struct{ Fit bool }
	err := tx.SelectContext(ctx, &found, `SELECT rolcanlogin AND NOT rolinherit AS fit FROM pg_roles WHERE rolname = $1`, login)
	if err != nil {
		return err
	}
	verb := "CREATE"
	if len(found) > 0 {
		verb = "ALTER"
		letIn := false
		if found[0].Fit {
			letIn, err = s.letsIn(ctx, login)
		}
		if letIn || err != nil {
			return err
		}
	}
	verifier, err := pg.ScramVerifier(s.cfg.Secret(), login)
	if err != nil {
		return err
	}
	if verb == "CREATE" {
		s.did("made the login %s", login)
	}
	_, err = tx.ExecContext(ctx, verb+" ROLE "+pq.QuoteIdentifier(login)+" LOGIN NOINHERIT PASSWORD "+pq.QuoteLiteral(verifier))
	return err
}

// letsIn reports whether the login has its password already. A login that may not
// connect to the database was let in before it was refused.
func (s *setup) letsIn(ctx context.Context, login string) (bool, error) {
	newest := s.cfg
	newest.GateSecretOld, newest.PasswordOld = domain.Secret{}, domain.Secret{}
	pool := pg.Connect(newest, login)
	defer func() { _ = pool.Close() }()
	switch err := pool.PingContext(ctx); {
	case err == nil, pg.SQLState(err) == pqerror.InsufficientPrivilege:
		return true, nil
	case pg.LoginRefused(err), pg.SQLState(err) == pqerror.ProtocolViolation: // the latter from PgBouncer
		return false, nil
	default:
		return false, pg.LoginError(ctx, s.cfg, login, err)
	}
}

// ensurePath sets the search path of a login's sessions in this database, and
// reports whether it was another one. What a login runs outside a scope then finds
// nothing that another program put into a schema that is open to it.
func (s *setup) ensurePath(ctx context.Context, tx *sqlx.Tx, login, path string) (changed bool, err error) {
	var right bool
	err = tx.GetContext(ctx, &right, `
		SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
			WHERE r.rolname = $1 AND d.datname = current_database() AND 'search_path='||$2 = ANY (s.setconfig))`, login, path)
	if err != nil || right {
		return false, err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(`ALTER ROLE {login} IN DATABASE {database} SET search_path = `+path,
		map[string]string{"login": login, "database": s.cfg.Database}))
	return err == nil, err
}

// ensureConnect lets the login into the database, also where PUBLIC may not enter.
func (s *setup) ensureConnect(ctx context.Context, tx *sqlx.Tx, login string) error {
	var found struct{ Granted, Open, Owner bool }
	err := tx.GetContext(ctx, &found, `
		SELECT pg_has_role(CURRENT_USER, d.datdba, 'USAGE') AS owner,
			has_database_privilege(r.oid, d.oid, 'CONNECT') AS open,
			EXISTS (SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = r.oid AND a.privilege_type = 'CONNECT') AS granted
		FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = $1`, login)
	if err != nil || found.Granted || found.Open && !found.Owner {
		return err
	}
	statement := pg.Fill(`GRANT CONNECT ON DATABASE {database} TO {login}`, map[string]string{"database": s.cfg.Database, "login": login})
	if !found.Owner {
		return pg.Forbidden(nil, "the login %q may not connect to the database: run %s as the database's owner", login, statement)
	}
	_, err = tx.ExecContext(ctx, statement)
	return err
}
