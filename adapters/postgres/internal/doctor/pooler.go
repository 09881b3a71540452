package doctor

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
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
	if c.pooler, err = inspection.BehindPooler(ctx, c.cfg); err != nil || !c.pooler {
		return doctor.Pass("no pooler stands before the server"), err
	}
	shared, err := inspection.SharesBackends(ctx, c.cfg)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case !shared:
		return doctor.Warn("the pooler pools sessions: each connection of ours holds one of the server's for as long as it is open", transactionMode), nil
	}
	return doctor.Pass("the pooler pools transactions"), nil
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
	for _, name := range append([]string{c.in.SystemRole()}, c.in.GateRoles()...) {
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
