package inspection

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// Locked is the error of a migration that waited for locks until its patience ended,
// with the sessions that hold them.
func Locked(ctx context.Context, db *sqlx.DB, cfg pg.Config, err error) error {
	return pg.Refusal(pg.CodeLocked, nil, "%s: %s", schema.Complaint(err), lockHolders(ctx, db, cfg))
}

// lockHolders names the sessions that stand in the way of a migration.
func lockHolders(ctx context.Context, db *sqlx.DB, cfg pg.Config) string {
	advice := "end what holds the lock, or wait for it, then " + cfg.SetItUp()
	var sessions []string
	const query = `
		SELECT DISTINCT format('session %s of %s', l.pid, coalesce(a.usename, '?'))
		FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
		AND l.relation IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'ext' AND ` + pg.IsOurSchema + `)
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY 1`
	failed := pg.InScope(ctx, db, cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &sessions, query)
	})
	if failed != nil || len(sessions) == 0 {
		return advice
	}
	return fmt.Sprintf("locks are held by %s: %s", pg.FirstFew(sessions), advice)
}
