package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// ensureDatabase makes the database if it does not exist. Of one that exists it reports
// what PUBLIC may do, and takes nothing away: other programs may need that.
func (s *setup) ensureDatabase(ctx context.Context) error {
	err := s.pool.PingContext(ctx)
	switch {
	case pg.SQLState(err) == pqerror.InvalidCatalogName, mayBeMissing(err) && pg.ContextErr(ctx) == nil:
		return s.createDatabase(ctx, err)
	case err != nil:
		return pg.LoginError(ctx, s.cfg, s.cfg.User, err)
	}
	return s.explain(ctx, s.inspectDatabase(ctx))
}

// mayBeMissing reports whether the error is one of those by which PgBouncer says
// that a database doesn't exist: an error of its own protocol, or none at all while
// it tries again and again to look the user up there.
func mayBeMissing(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return pg.SQLState(err) == pqerror.ProtocolViolation || ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// createDatabase makes the database that missing says is missing.
func (s *setup) createDatabase(ctx context.Context, missing error) error {
	elsewhere := s.cfg
	elsewhere.Database = "postgres"
	maintenance := pg.Connect(elsewhere, s.cfg.User)
	defer func() { _ = maintenance.Close() }()
	pooled := pg.SQLState(missing) != pqerror.InvalidCatalogName
	exists := false
	switch err := pg.OwnGet(ctx, maintenance, elsewhere, &exists, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.cfg.Database); {
	case err != nil && pooled && pg.LoginRefused(err): // there, too: it isn't the database that is missing
		return pg.LoginError(ctx, s.cfg, s.cfg.User, err)
	case err != nil && pooled && pg.Lost(err):
		return pg.LoginError(ctx, s.cfg, s.cfg.User, missing)
	case err != nil && pooled:
		return pg.Refusal(pg.CodeNotSetUp, missing, "the pooler at %s leads neither to the database %q nor to the database \"postgres\", where it could be made: %s once with DB_HOST and DB_PORT of the server itself", s.cfg.HostAndPort(), s.cfg.Database, s.cfg.SetItUp())
	case err != nil:
		return pg.LoginError(ctx, elsewhere, s.cfg.User, err)
	case exists && pooled:
		return pg.LoginError(ctx, s.cfg, s.cfg.User, missing)
	}
	name := map[string]string{"database": s.cfg.Database}
	var err error
	for range 10 {
		_, err = maintenance.ExecContext(ctx, pg.Fill(`CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0`, name))
		if pg.SQLState(err) != pqerror.ObjectInUse { // another session copies the template
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	switch state := pg.SQLState(err); {
	case state == pqerror.DuplicateDatabase, state == pqerror.UniqueViolation: // another setup was faster
		return s.explain(ctx, s.inspectDatabase(ctx))
	case state == pqerror.InsufficientPrivilege:
		return pg.Forbidden(err, "the database %q doesn't exist, and the user %q may not create it: run as a superuser: %s", s.cfg.Database, s.cfg.User, inspection.CreateByHand(s.cfg.User, s.cfg.Database))
	case err != nil:
		return pg.Translate(ctx, err, "create the database")
	}
	s.report(fmt.Sprintf("made the database %s", s.cfg.Database))
	if err := s.awaitDatabase(ctx); err != nil {
		return err
	}
	err = pg.InScope(ctx, s.pool, s.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, inspection.CloseDatabase(s.cfg.Database))
		return err
	})
	return pg.Translate(ctx, err, "close the database to PUBLIC")
}

// awaitDatabase waits until the new database can be entered: PgBouncer remembers
// for its server_login_retry, 15 s, that it couldn't.
func (s *setup) awaitDatabase(ctx context.Context) error {
	const patience = 40 * time.Second
	for deadline := time.Now().Add(patience); ; {
		err := s.pool.PingContext(ctx)
		if err == nil || time.Now().After(deadline) || !mayBeMissing(err) {
			return pg.LoginError(ctx, s.cfg, s.cfg.User, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// inspectDatabase refuses a server that is too old and an encoding other than
// UTF-8, and reports what PUBLIC may do in the database.
func (s *setup) inspectDatabase(ctx context.Context) error {
	var found struct {
		Version  int
		Encoding string
		Open     bool
	}
	err := pg.OwnGet(ctx, s.pool, s.cfg, &found, `
		SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
			has_database_privilege('public', current_database(), 'TEMP')
			OR has_database_privilege('public', current_database(), 'CREATE')
			OR coalesce((SELECT has_schema_privilege('public', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'), false) AS open`)
	if err != nil {
		return err
	}
	if found.Version < inspection.MinVersion {
		return domain.Errorf(domain.Unprocessable, "the server is PostgreSQL %d; 15 or later is needed", found.Version/10000)
	}
	if found.Encoding != "UTF8" {
		return pg.Refusal(pg.CodeNotSetUp, nil, "the database %q is in %s, which can't keep all that users write: %s", s.cfg.Database, found.Encoding, inspection.UseUTF8(s.cfg))
	}
	if found.Open {
		s.report("PUBLIC may create things in this database; to end that, run as its owner: " + inspection.CloseDatabase(s.cfg.Database))
	}
	return nil
}
