package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// lockReport bounds the look at who holds a lock.
const lockReport = time.Second

// reportLock logs the sessions that may hold the lock for which a statement in the tenant
// waited too long, and adds them to the server's error as its detail. The server reports
// only that the statement waited.
func (db *DB) reportLock(ctx context.Context, gate *pg.Pool, id domain.TenantID, err error) {
	e := pg.ServerError(err)
	if e == nil || e.Code != pqerror.LockNotAvailable || pg.Raised(e) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockReport)
	defer cancel()
	holders, lookErr := db.lockHolders(ctx, gate, id)
	if lookErr != nil {
		return // the log has the statement's own error, which matters more
	}
	who := "no transaction any more"
	if len(holders) > 0 {
		who = pg.FirstFew(holders)
	}
	if e.Detail == "" {
		e.Detail = "Held by " + who + "."
	}
	db.logger.LogAttrs(ctx, slog.LevelWarn, "a statement waited too long for a lock",
		slog.String("tenant", id.String()), slog.Duration("timeout", db.cfg.LockTimeout), slog.String("heldBy", who), slog.Any("error", err))
}

// lockHolders describes the transactions that hold locks on the tenant's tables.
func (db *DB) lockHolders(ctx context.Context, gate *pg.Pool, id domain.TenantID) (holders []string, err error) {
	var found []struct {
		PID                       int
		Login, Application, Table string
		Modes                     string
	}
	err = gate.InScope(ctx, pg.NewOwnScope("locks", db.cfg.Timeouts()...), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &found, `
			SELECT l.pid, coalesce(a.usename, '') AS login, coalesce(a.application_name, '') AS application,
				c.relname AS "table", string_agg(DISTINCT l.mode, ', ') AS modes
			FROM pg_locks l
			JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
			JOIN pg_namespace n ON n.oid = c.relnamespace
			LEFT JOIN pg_stat_activity a ON a.pid = l.pid
			WHERE l.granted AND l.mode <> 'AccessShareLock' AND n.nspname = $1 AND l.pid <> pg_backend_pid()
			GROUP BY 1, 2, 3, 4 ORDER BY 1, 4 LIMIT 20`, pg.SchemaOf(id))
	})
	for _, h := range found {
		holders = append(holders, fmt.Sprintf("process %d (%s) with %s on %s", h.PID, strings.Trim(h.Login+", "+h.Application, ", "), h.Modes, h.Table))
	}
	return holders, err
}
