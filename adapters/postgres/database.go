package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// ensureDatabase makes the database unless it's there. In one that was there it
// says what is open to everybody, rather than close it: others may need that.
func (s *setup) ensureDatabase(ctx context.Context) error {
	err := s.pool.PingContext(ctx)
	if sqlState(err) == pqerror.InvalidCatalogName {
		return s.createDatabase(ctx)
	}
	if err != nil {
		return loginError(ctx, s.cfg, s.cfg.User, err)
	}
	return s.explain(ctx, s.inspectDatabase(ctx))
}

const closeDatabase = `
	REVOKE TEMP, CREATE ON DATABASE {database} FROM PUBLIC;
	REVOKE CREATE ON SCHEMA public FROM PUBLIC`

func (s *setup) createDatabase(ctx context.Context) error {
	elsewhere := s.cfg
	elsewhere.Database = "postgres"
	maintenance := connect(elsewhere, s.cfg.User, 1)
	defer func() { _ = maintenance.Close() }()
	if err := maintenance.PingContext(ctx); err != nil {
		return loginError(ctx, elsewhere, s.cfg.User, err)
	}
	name := map[string]string{"database": s.cfg.Database}
	var err error
	for range 10 {
		_, err = maintenance.ExecContext(ctx, fill(`CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0`, name))
		if sqlState(err) != pqerror.ObjectInUse { // somebody copies the template
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	switch state := sqlState(err); {
	case state == pqerror.DuplicateDatabase, state == pqerror.UniqueViolation: // another setup was faster
		return s.explain(ctx, s.inspectDatabase(ctx))
	case state == pqerror.InsufficientPrivilege:
		return forbidden(err, "the database %[2]q doesn't exist, and the user %[1]q may not create it: run CREATE DATABASE %[2]s OWNER %[1]s as a superuser", s.cfg.User, s.cfg.Database)
	case err != nil:
		return translate(ctx, err, "create the database")
	}
	s.report(fmt.Sprintf("made the database %s", s.cfg.Database))
	err = inScope(ctx, s.pool, s.cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, fill(closeDatabase, name))
		return err
	})
	return translate(ctx, err, "close the database to PUBLIC")
}

// inspectDatabase refuses a server that is too old, and reports what everybody
// may do in the database.
func (s *setup) inspectDatabase(ctx context.Context) error {
	var found struct {
		Version int
		Open    bool
	}
	err := ownGet(ctx, s.pool, s.cfg, &found, `
		SELECT current_setting('server_version_num')::int AS version,
			has_database_privilege('public', current_database(), 'TEMP')
			OR has_database_privilege('public', current_database(), 'CREATE')
			OR coalesce((SELECT has_schema_privilege('public', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'), false) AS open`)
	if err != nil {
		return err
	}
	if found.Version < minVersion {
		return &domain.Error{Kind: domain.Unprocessable, Message: fmt.Sprintf("the server is PostgreSQL %d; 15 or later is needed", found.Version/10000)}
	}
	if found.Open {
		s.report("everybody may create things in this database; to end that, run as its owner:" + oneLine(fill(closeDatabase, map[string]string{"database": s.cfg.Database})))
	}
	return nil
}

func oneLine(s string) string { return " " + strings.Join(strings.Fields(s), " ") }
