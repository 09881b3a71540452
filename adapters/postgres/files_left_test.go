package postgres_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestWhatAFileLeavesBehind has files leave things, and looks at what the next ones
// find, in an older tenant and in a new one.
func TestWhatAFileLeavesBehind(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, func(cfg *postgres.Config) { cfg.User, cfg.Password = "postgres", pgtest.Server(t).SuperuserPassword })
	pgtest.MakeTenant(t, db, "old")
	texts := []string{fmt.Sprintf(state, "nothing")}
	names := slices.Sorted(maps.Keys(leftovers))
	for i, name := range names {
		texts = append(texts, leftovers[name], fmt.Sprintf(state, strconv.Itoa(i)))
	}
	pgtest.WithFiles(texts...)(&cfg)
	pgtest.SetUp(t, cfg)
	db = pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, db, "new")
	pgtest.MustFindDefaults(t, ownConn(t, db))
	for _, tenant := range []string{"old", "new"} {
		found := func(after string) string {
			return pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT format('%s', f) FROM tenant_`+tenant+`.after_`+after+` f`)
		}
		want := found("nothing")
		for i, name := range names {
			if got := found(strconv.Itoa(i)); got != want {
				t.Errorf("after %s, in the %s tenant, the next file finds\n%s\nwant\n%s", name, tenant, got, want)
			}
		}
	}
}

// leftovers are what a file may leave to those after it.
var leftovers = map[string]string{
	"a timeout":                     `SET statement_timeout = '61s'; SET lock_timeout = '62s'; SET idle_in_transaction_session_timeout = '63s'`,
	"hardly any time":               `SELECT set_config('search_path', current_schema() || string_agg(', n' || i, ''), false) FROM generate_series(1, 100000) i; SET ROLE pg_read_all_settings; SET statement_timeout = '1ms'`, // a path that takes longer to look up
	"a role":                        `SET ROLE pg_read_all_settings`,
	"read-only by default":          `SET default_transaction_read_only = on; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE`,
	"settings of a dump":            `SET check_function_bodies = false; SET row_security = off; SET xmloption = content; SET client_min_messages = warning`,
	"how strings are read":          `SET standard_conforming_strings = off; SET escape_string_warning = off; SET client_encoding = 'LATIN1'`,
	"formats":                       `SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = 'escape'; SET extra_float_digits = 0`,
	"a local setting":               `SET LOCAL work_mem = '1MB'; SELECT set_config('enable_seqscan', 'off', true)`,
	"our own setting":               `SET partywall.scope = 'another'`,
	"a temporary table":             `CREATE TEMP TABLE later (id int); CREATE TEMP SEQUENCE s`,
	"a prepared statement":          `PREPARE later AS SELECT 1`,
	"a cursor":                      `DECLARE later CURSOR WITH HOLD FOR SELECT 1`,
	"a channel":                     `LISTEN later`,
	"a lock":                        `SELECT pg_advisory_lock(4711); SELECT pg_advisory_lock_shared(4711)`,
	"constraints that are deferred": `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (p int REFERENCES p DEFERRABLE); SET CONSTRAINTS q_p_fkey DEFERRED; INSERT INTO q VALUES (1); INSERT INTO p VALUES (1)`,
	"a user":                        `SET SESSION AUTHORIZATION DEFAULT; SET ROLE pg_read_all_settings; SET LOCAL ROLE pg_read_all_settings`,
}

// state stores what a later file finds in the table after_%s, one line.
const state = `CREATE TABLE after_%s AS SELECT
	(SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name NOT IN ('partywall.scope', 'is_superuser')) AS settings,
	current_user::text || ' ' || session_user::text AS who,
	current_setting('partywall.scope', true) AS scope,
	(SELECT count(*) FROM pg_prepared_statements) AS statements,
	(SELECT count(*) FROM pg_cursors WHERE name <> '') AS cursors,
	(SELECT count(*) FROM pg_listening_channels()) AS channels,
	(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid = 4711) AS locks,
	(SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary,
	lower(CASE WHEN to_regclass('later') IS NULL THEN 'no table' ELSE 'a table' END) AS later`
