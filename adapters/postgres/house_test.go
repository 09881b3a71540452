package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// house is an installation whose wire is tapped, and what its tenants were told.
type house struct {
	*installed
	size    int // connections of the gate
	tap     atomic.Pointer[tap]
	kept    map[string]bool // by a row's text: whether it was committed
	unknown map[string]bool // whether nobody could know
	fresh   string          // the settings of a connection that nobody used
}

// tap does something once, before a message goes on its way that has text, and
// the name of whose it is.
type tap struct {
	text, whose string
	do          func()
	once        sync.Once
}

func newHouse(t *testing.T, on *embeddedpg.Server, kind installation, limit int) *house {
	t.Helper()
	h := &house{kept: map[string]bool{}, unknown: map[string]bool{}}
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
	h.size = h.db.Gate().Stats().MaxOpenConnections
	h.fresh = pgtest.Query[string](t, h.db.Gate(), settings)
	return h
}

// settings are all that differ from the server's configuration, but for the
// name that PgBouncer gives to a connection until the first RESET ALL.
const settings = `SELECT coalesce(string_agg(name || '=' || setting, ' ' ORDER BY name), '') FROM pg_settings
	WHERE source NOT IN ('default', 'configuration file', 'command line', 'override') AND name <> 'application_name'`

// locks are all that the session holds but those of asking.
const locks = `SELECT coalesce(string_agg(locktype || ' ' || mode, ', '), '') FROM pg_locks
	WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid'
	AND NOT (locktype = 'relation' AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace))`

// leftovers is what the next borrowers of all the gate's connections would find
// that isn't as it was at first.
func (h *house) leftovers(t *testing.T) string {
	t.Helper()
	began := time.Now()
	var found []string
	for range h.size {
		conn, err := h.db.Gate().Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if pgtest.Query[bool](t, conn, `SELECT backend_start > $1 FROM pg_stat_get_activity(pg_backend_pid())`, began) {
			continue // no scope has had this one, and the queries below are slow
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
	}
	return strings.Join(found, ", ")
}

// visit is a scope that nobody interrupts: it must succeed, find its own
// settings, and no foreign row.
func (h *house) visit(ctx context.Context, id domain.TenantID) error {
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
			return fmt.Errorf("it finds %s, not %s", found, want)
		}
		_, err = tx.ExecContext(ctx, `UPDATE notes SET parent = NULL WHERE id = 1`)
		return err
	})
}
