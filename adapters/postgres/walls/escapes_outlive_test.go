package walls_test

// outlives are attempts to leave something in the session for its next borrower.
func outlives() []escape {
	kept := func(name, try string) escape {
		return escape{name: name, try: try, roles: staysInside, off: staysInside, kept: byScope, commits: true}
	}
	return []escape{
		kept("`SET ROLE` to another tenant's role without `LOCAL`", `SELECT set_config('role', (SELECT rolname FROM pg_roles WHERE rolname IN ('{t_rival}', '{owner}') ORDER BY rolname DESC LIMIT 1), false); SELECT false`),
		kept("`SET search_path`", `SET search_path = tenant_rival; SELECT false`),
		kept("`SET default_transaction_read_only`", `SET default_transaction_read_only = on; SELECT false`),
		kept("`SET SESSION CHARACTERISTICS`", `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT false`),
		kept("`SET statement_timeout`", `SET statement_timeout = '1min'; SELECT false`),
		kept("`SET client_encoding`, `SET DateStyle`, `SET TimeZone`", `SET client_encoding = 'LATIN1'; SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SELECT false`),
		kept("`SET transform_null_equals`, `SET synchronous_commit`", `SET transform_null_equals = on; SET synchronous_commit = off; SELECT false`),
		kept("a custom setting", `SET product.customer = 'planted'; SELECT false`),
		kept("`pg_advisory_lock`", `SELECT pg_advisory_lock(42), pg_advisory_lock_shared(43); SELECT false`),
		kept("`LISTEN`, and a notice to itself", `LISTEN planted; NOTIFY planted; SELECT false`),
		kept("a cursor `WITH HOLD`", `DECLARE planted CURSOR WITH HOLD FOR SELECT 1; SELECT false`),
		kept("`PREPARE`, with a name of the driver, too", `PREPARE planted AS SELECT 1; PREPARE "1" AS SELECT 2; SELECT false`),
		kept("`DEALLOCATE ALL`", `DEALLOCATE ALL; SELECT false`),
		kept("the last value of a sequence: `lastval`", `INSERT INTO notes (text) VALUES ('planted'); SELECT false`),
		kept("a savepoint, and `ROLLBACK TO` it", `SAVEPOINT a; RESET ROLE; SET LOCAL search_path = public; ROLLBACK TO a; INSERT INTO notes (text) VALUES ('planted'); SELECT current_schema() <> 'tenant_acme'`),
		{name: "a temporary table that stays", try: `CREATE TEMP TABLE planted (text text); SELECT false`, roles: denied, off: staysInside, kept: byRole + ", " + byScope},
		{name: "`DISCARD ALL`", try: `DISCARD ALL; SELECT true`, roles: "25001", off: "25001", kept: byPostgres},
		{name: "`PREPARE TRANSACTION`", try: `PREPARE TRANSACTION 'planted'; SELECT true`, roles: "55000", off: "55000", kept: byPostgres},
	}
}

// ends are attempts to end the transaction, and to go on outside of the scope.
func ends() []escape {
	planted := func(schema string) string {
		return `SELECT EXISTS (SELECT FROM tenant_` + schema + `.notes WHERE text LIKE 'planted%')::text`
	}
	return []escape{
		{name: "`COMMIT` as text", try: `INSERT INTO notes (text) VALUES ('kept'); COMMIT; SELECT false`, roles: scopeEnded, off: scopeEnded, kept: byScope, commits: true},
		{name: "`ROLLBACK` as text", try: `ROLLBACK; SELECT false`, roles: scopeEnded, off: scopeEnded, kept: byScope, commits: true},
		{name: "`COMMIT AND CHAIN`", try: `COMMIT AND CHAIN; SELECT false`, roles: scopeEnded, off: scopeEnded, kept: byScope, commits: true},
		{name: "`COMMIT` in a `DO` block", try: `DO $$BEGIN COMMIT; END$$; SELECT true`, roles: "2D000", off: "2D000", kept: byPostgres},
		{name: "a statement that failed, its error caught in a `DO` block", try: `SAVEPOINT a; DO $$BEGIN EXECUTE 'nonsense'; EXCEPTION WHEN OTHERS THEN NULL; END$$; SELECT false`, roles: staysInside, off: staysInside, kept: noneNeeded, commits: true},
		{name: "`COMMIT`, `BEGIN`, and a write in the tenant", try: `COMMIT; BEGIN; INSERT INTO tenant_acme.notes (text) VALUES ('planted'); SELECT false`, roles: denied, off: scopeEnded, kept: byRole, commits: true},
		{name: "`COMMIT`, and a write as another tenant", try: `COMMIT; BEGIN; SET LOCAL ROLE "{t_rival}"; INSERT INTO tenant_rival.notes (text) VALUES ('planted'); COMMIT`, proof: planted("rival"), roles: getsThrough + ", " + scopeEnded, off: noRole, kept: byTrust, commits: true},
		{name: "`COMMIT`, and a lasting `SET`", try: `COMMIT; SET default_transaction_read_only = on; SELECT false`, roles: scopeEnded + "; through PgBouncer " + scopeEnded + ", " + isLeft, off: scopeEnded, kept: byScope, commits: true},
		{name: "`COMMIT`, and a lasting `SET ROLE`", try: `COMMIT; SET ROLE "{t_rival}"; SELECT false`, roles: scopeEnded, off: noRole, kept: byScope, commits: true},
		{name: "another scope's mark", try: `SELECT set_config('partywall.scope', 'rival', true); SELECT false`, roles: scopeEnded, off: scopeEnded, kept: byScope, commits: true},
		{name: "`COMMIT`, `BEGIN`, a write as another tenant, and a forged mark", try: `COMMIT; BEGIN; SELECT set_config('role', '{t_rival}', true), set_config('partywall.scope', 'acme', true); INSERT INTO tenant_rival.notes (text) VALUES ('planted')`, proof: planted("rival"), roles: getsThrough, off: noRole, kept: byTrust, commits: true},
		{name: "`ROLLBACK`, and a mark forged for the session: a success that was none", try: `ROLLBACK; SELECT set_config('partywall.scope', 'acme', false); SELECT false`, roles: staysInside, off: staysInside, kept: byTrust, commits: true},
	}
}
