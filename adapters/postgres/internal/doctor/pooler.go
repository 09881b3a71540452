package doctor

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

const transactionMode = "set pool_mode = transaction in pgbouncer.ini, then: psql -p 6432 pgbouncer -c RELOAD"

// transactions opens one in one message and ends it in another, which a pooler of
// statements breaks off.
func (c *checker) transactions(ctx context.Context) (doctor.Finding, error) {
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(context.Context, *sqlx.Tx) error { return nil })
	if err != nil && pg.Lost(err) {
		return doctor.Fail("the pooler pools statements: nothing works behind it", transactionMode), nil
	}
	return doctor.Pass("transactions stay together"), err
}

// poolMode finds out whether PgBouncer stands before the server, and how it pools.
func (c *checker) poolMode(ctx context.Context) (doctor.Finding, error) {
	var err error
	if c.pooler, err = c.behindPooler(ctx); err != nil || !c.pooler {
		return doctor.Pass("no pooler stands before the server"), err
	}
	shared, err := c.sharesBackends(ctx)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case !shared:
		return doctor.Warn("the pooler pools sessions: each connection of ours holds one of the server's for as long as it is open", transactionMode), nil
	}
	return doctor.Pass("the pooler pools transactions"), nil
}

// behindPooler logs in with a setting that PostgreSQL takes, and that PgBouncer
// refuses, as it does each setting that it cannot keep for a client.
func (c *checker) behindPooler(ctx context.Context) (bool, error) {
	db := sql.OpenDB(pg.NewOwnConnector(c.cfg, pg.Setting{Name: "geqo", Value: "on"}))
	defer func() { _ = db.Close() }()
	err := db.PingContext(ctx)
	if refusal, ok := errors.AsType[*pq.Error](err); ok && strings.Contains(refusal.Message, "unsupported startup parameter") {
		return true, nil
	}
	return false, err
}

// sharesBackends reports whether two connections of ours, both open, get one and
// the same backend: the one last used is the next to be lent.
func (c *checker) sharesBackends(ctx context.Context) (bool, error) {
	shared := false
	other := pg.ConnectOwn(c.cfg, 1)
	defer func() { _ = other.Close() }()
	for range 10 {
		var ours, theirs int
		if err := c.readOne(ctx, &ours, `SELECT pg_backend_pid()`); err != nil {
			return false, err
		}
		if err := pg.OwnGet(ctx, other, c.cfg, &theirs, `SELECT pg_backend_pid()`); err != nil {
			return false, err
		}
		shared = shared || ours == theirs
	}
	return shared, nil
}

// leftovers is all that a session may have that a fresh one hasn't. What drivers
// and poolers set for each client isn't listed. It runs on our own path: SHOW, which
// no function can shadow, reads the session's first.
const leftovers = `SHOW search_path; BEGIN; ` + pg.SetOwnPath + `; SELECT concat_ws(', ',
	CASE WHEN current_user <> session_user THEN 'the role ' || current_user END,
	(SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) FROM pg_settings WHERE source = 'session'
		AND name NOT IN ('client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'standard_conforming_strings', 'application_name', 'extra_float_digits', 'role', 'session_authorization', 'search_path')),
	(SELECT count(*) || ' advisory locks' FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' HAVING count(*) > 0),
	(SELECT count(*) || ' channels listened to' FROM pg_listening_channels() HAVING count(*) > 0),
	(SELECT count(*) || ' temporary tables' FROM pg_class WHERE relnamespace = pg_my_temp_schema() HAVING count(*) > 0)); ROLLBACK`

// readLeftovers returns the session's search path and what else it has.
func readLeftovers(ctx context.Context, db *sqlx.DB) (path, left string, err error) {
	rows, err := db.QueryContext(ctx, leftovers)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = rows.Close() }()
	for _, into := range []*string{&path, &left} {
		for rows.Next() {
			if err := rows.Scan(into); err != nil {
				return "", "", err
			}
		}
		rows.NextResultSet()
	}
	return path, left, rows.Err()
}

// session looks at connections as they come, where tenants are served.
func (c *checker) session(ctx context.Context) (doctor.Finding, error) {
	for _, name := range []string{c.in.SystemRole(), c.in.GateRole()} {
		var path, left string
		err := c.asLogin(name, func(as *checker) (err error) {
			path, left, err = readLeftovers(ctx, as.db)
			return err
		})
		switch {
		case err != nil:
			return doctor.Finding{}, err
		case path != pg.OwnPath:
			return doctor.Fail("a fresh connection of "+name+" has search_path="+path+", where other programs may put functions that then run with its rights",
				c.setItUp()+", which sets "+pg.OwnPath+"; where that changes nothing, restart the pooler"), nil
		case left != "":
			return doctor.Fail("a fresh connection of "+name+" comes with "+left+", which another program left behind in the pooler",
				"let no other program log in as "+name+", restart the pooler, and give other programs a pool and a user of their own"), nil
		}
	}
	return doctor.Pass("connections come clean"), nil
}
