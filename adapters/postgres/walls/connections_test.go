package walls_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// tapped is an installation whose connections a proxy listens to, and what became of
// the rows that its tenants wrote.
type tapped struct {
	*installed
	size    int // connections of the gate
	tap     atomic.Pointer[tap]
	kept    map[string]bool // by a row's text: whether it was committed
	unknown map[string]bool // by a row's text: whether its commit may have been cut off
	fresh   string          // the settings of a fresh connection
}

// tap calls do once, before the proxy passes on a message that contains text and the
// name of its tenant.
type tap struct {
	text, whose string
	do          func()
	once        sync.Once
}

func newTapped(t *testing.T, on *embeddedpg.Server, kind installation, limit int) *tapped {
	t.Helper()
	h := &tapped{kept: map[string]bool{}, unknown: map[string]bool{}}
	h.installed = install(t, on, kind)
	served := h.served
	served.MaxConns = limit
	p := pgtest.Through(t, &served)
	listen := func(message []byte) (pass, breakOff bool) {
		if tap := h.tap.Load(); tap != nil && bytes.Contains(message, []byte(tap.text)) && bytes.Contains(message, []byte(tap.whose)) {
			tap.once.Do(tap.do)
		}
		return true, false
	}
	p.Cut.Store(&listen)
	h.db = pgtest.Reopen(t, served)
	_, _, h.size = served.PoolSizes()
	if err := outsideScopes(t.Context(), h.db, h.acme, 1, func(conn sqlx.QueryerContext) { h.fresh = pgtest.Query[string](t, conn, settings) }); err != nil {
		t.Fatal(err)
	}
	return h
}

// settings selects all that differ from the server's configuration, except the name
// that PgBouncer gives to a connection until the first RESET ALL.
const settings = `SELECT coalesce(string_agg(name || '=' || setting, ' ' ORDER BY name), '') FROM pg_settings
	WHERE source NOT IN ('default', 'configuration file', 'command line', 'override') AND name <> 'application_name'`

// locks selects what the session holds, except the locks of this query.
const locks = `SELECT coalesce(string_agg(locktype || ' ' || mode, ', '), '') FROM pg_locks
	WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid'
	AND NOT (locktype = 'relation' AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace))`

// leftovers describes what the next borrowers of all the gate's connections would
// find that differs from a fresh connection.
func (h *tapped) leftovers(t *testing.T) string {
	t.Helper()
	began := time.Now()
	var found []string
	err := outsideScopes(t.Context(), h.db, h.acme, h.size, func(conn sqlx.QueryerContext) {
		if pgtest.Query[bool](t, conn, `SELECT backend_start > $1 FROM pg_stat_get_activity(pg_backend_pid())`, began) {
			return // no scope has had this one, and the queries below are slow
		}
		var now, rest, held string
		row := conn.QueryRowxContext(t.Context(), `SELECT (`+settings+`), concat_ws(', ', `+pgtest.Belongings+`), (`+locks+`)`)
		if err := row.Scan(&now, &rest, &held); err != nil {
			t.Fatal(err)
		}
		if now != h.fresh {
			found = append(found, fmt.Sprintf("%q, not %q", now, h.fresh))
		}
		if rest+held != "" {
			found = append(found, rest, held)
		}
	})
	if err != nil {
		found = append(found, err.Error())
	}
	return strings.Join(found, ", ")
}

// outsideScopes has look see connections of the gate as their next borrowers find
// them, so many at once. The ROLLBACK ends the scope's transaction, with all that the
// scope has set, and leaves what earlier scopes have left in the session. An error
// means that a borrower cannot even open a scope.
func outsideScopes(ctx context.Context, db *postgres.DB, id domain.TenantID, connections int, look func(conn sqlx.QueryerContext)) error {
	err := db.InTenant(ctx, id, func(_ context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, "ROLLBACK"); err != nil {
			return err
		}
		look(tx)
		if connections > 1 {
			if err := outsideScopes(ctx, db, id, connections-1, look); err != nil {
				return err
			}
		}
		return errLooked
	})
	if errors.Is(err, errLooked) {
		return nil
	}
	return cmp.Or(err, errors.New("the scope of a look succeeded"))
}

var errLooked = errors.New("looked")

// visit runs a scope that nothing interrupts. It must succeed, find its own
// settings, and no row of the neighbour.
func (h *tapped) visit(ctx context.Context, id domain.TenantID) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return h.db.InTenant(ctx, id, func(ctx context.Context, tx *sqlx.Tx) error {
		var found string
		err := tx.GetContext(ctx, &found, `SELECT concat_ws(' ', current_user, current_setting('search_path'),
			current_setting('statement_timeout'), current_setting('partywall.scope'), current_setting('transaction_read_only'),
			(SELECT min(text) FROM notes WHERE text NOT LIKE '%' || $1 || '''s%'))`, id.String())
		if err != nil {
			return err
		}
		user := h.cfg.User
		if h.roles {
			user = h.names["t_"+id.String()]
		}
		if want := fmt.Sprintf(`%s "tenant_%s", ext, pg_temp 30s %[2]s off`, user, id); found != want {
			return fmt.Errorf("the scope finds %s, not %s", found, want)
		}
		_, err = tx.ExecContext(ctx, `UPDATE notes SET parent = NULL WHERE id = 1`)
		return err
	})
}
