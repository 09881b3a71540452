package pgtest

import (
	"testing"

	"github.com/jmoiron/sqlx"
)

// Leftovers selects what a session has that a fresh session lacks.
const Leftovers = `SELECT concat_ws(', ',
	CASE WHEN current_setting('search_path') <> (SELECT reset_val FROM pg_settings WHERE name = 'search_path') THEN 'path ' || current_setting('search_path') END,
	(SELECT 'setting ' || string_agg(name, ' ') FROM pg_settings WHERE source = 'session' AND name NOT IN ('client_encoding', 'DateStyle', 'application_name')),
	` + Belongings + `)`

// Belongings lists what a session has beside its settings.
const Belongings = `
	CASE WHEN current_user <> session_user THEN 'role ' || current_user END,
	CASE WHEN coalesce(current_setting('partywall.scope', true), '') <> '' THEN 'scope ' || current_setting('partywall.scope', true) END,
	(SELECT 'lock ' || string_agg(mode, ' ') FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
	(SELECT 'cursor ' || string_agg(name, ' ') FROM pg_cursors WHERE name <> ''),
	(SELECT 'prepared ' || string_agg(name, ' ') FROM pg_prepared_statements),
	(SELECT 'channel ' || string_agg(c, ' ') FROM pg_listening_channels() c),
	(SELECT 'temporary ' || string_agg(relname, ' ') FROM pg_class WHERE relnamespace = pg_my_temp_schema())`

// MustFindDefaults fails if a session has what a fresh session lacks.
func MustFindDefaults(t testing.TB, pool sqlx.QueryerContext) {
	t.Helper()
	if left := Query[string](t, pool, Leftovers); left != "" {
		t.Errorf("the next borrower finds: %s", left)
	}
}
