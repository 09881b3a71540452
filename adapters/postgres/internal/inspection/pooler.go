package inspection

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// BehindPooler reports whether PgBouncer stands before the server. It logs in with a
// setting that PostgreSQL takes, and that PgBouncer refuses, as it does each setting
// that it cannot keep for a client.
func BehindPooler(ctx context.Context, cfg pg.Config) (bool, error) {
	db := sql.OpenDB(pg.NewOwnConnector(cfg, pg.Setting{Name: "geqo", Value: "on"}))
	defer func() { _ = db.Close() }()
	err := db.PingContext(ctx)
	if refusal, ok := errors.AsType[*pq.Error](err); ok && strings.Contains(refusal.Message, "unsupported startup parameter") {
		return true, nil
	}
	return false, err
}

// SharesBackends reports whether two connections of ours, both open, get one and the
// same backend: the one last used is the next to be lent.
func SharesBackends(ctx context.Context, cfg pg.Config) (bool, error) {
	one, other := pg.ConnectOwn(cfg, 1), pg.ConnectOwn(cfg, 1)
	defer func() { _, _ = one.Close(), other.Close() }()
	shared := false
	for range 10 {
		var backends [2]int
		for i, db := range []*sqlx.DB{one, other} {
			if err := pg.OwnGet(ctx, db, cfg, &backends[i], `SELECT pg_backend_pid()`); err != nil {
				return false, err
			}
		}
		shared = shared || backends[0] == backends[1]
	}
	return shared, nil
}

// RefuseOutside refuses a migration that runs outside of a transaction where a pooler
// of transactions stands before the server: each statement would run in another
// session, with another search path. Without a file it refuses nothing.
func RefuseOutside(ctx context.Context, cfg pg.Config, file string) error {
	if file == "" {
		return nil
	}
	pooled, err := BehindPooler(ctx, cfg)
	if err != nil || !pooled {
		return err
	}
	if pooled, err = SharesBackends(ctx, cfg); err != nil || !pooled {
		return err
	}
	return pg.Refusal(pg.CodeMigrationFailed, nil, "migration %s runs outside of a transaction, which a pooler of transactions cannot do: %s once with DB_HOST and DB_PORT of the server itself", file, cfg.SetItUp())
}
