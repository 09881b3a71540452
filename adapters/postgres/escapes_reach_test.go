package postgres_test

// reaches are attempts to read and write what is the neighbour's or the system's.
func reaches() []escape {
	return []escape{
		{name: "the neighbour's table, named in full", try: `SELECT text FROM tenant_rival.notes`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the neighbour's table, to write", try: `INSERT INTO tenant_rival.notes (text) VALUES ('planted'); SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the neighbour's function", try: `SELECT tenant_rival.count_notes() > 0`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the neighbour's sequence", try: `SELECT nextval('tenant_rival.notes_id_seq') > 0`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the neighbour's large object", try: `SELECT convert_from(lo_get({object}), 'UTF8')`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the neighbour's path, by `set_config`", try: `SELECT set_config('search_path', 'tenant_rival', true); SELECT text FROM notes`, roles: "42P01", off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then the neighbour's table", try: `RESET ROLE; SELECT text FROM tenant_rival.notes`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE` in a `DO` block, then the same", try: `DO $$BEGIN RESET ROLE; EXECUTE 'SELECT FROM tenant_rival.notes'; END$$; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`SET SESSION AUTHORIZATION DEFAULT`, then the same", try: `SET SESSION AUTHORIZATION DEFAULT; SELECT text FROM tenant_rival.notes`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`set_config('role', 'none')` and `query_to_xml` in one query", try: `SELECT query_to_xml('SELECT text FROM tenant_rival.notes', true, true, '') FROM set_config('role', 'none', true)`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`table_to_xml` of the neighbour's table", try: `SELECT table_to_xml('tenant_rival.notes', true, true, '')`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`database_to_xml`", try: `SELECT database_to_xml(true, true, '')`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then `schema_to_xml` of the neighbour's", try: `RESET ROLE; SELECT schema_to_xml('tenant_rival', true, true, '')`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`SET ROLE` to the neighbour's, then its table", try: `SET ROLE "{t_rival}"; SELECT text FROM tenant_rival.notes`, roles: getsThrough, off: noRole, kept: byTrust},
		{name: "`set_config('role', ...)` of the neighbour's in one query", try: `SELECT query_to_xml('SELECT text FROM tenant_rival.notes', true, true, '') FROM set_config('role', '{t_rival}', true)`, roles: getsThrough, off: noRole, kept: byTrust},
		{name: "`SET ROLE` to the system's login", try: `SET ROLE "{system}"; SELECT true`, roles: denied, off: noRole, kept: byRole},
		{name: "`SET ROLE` to `DB_USER`", try: `SET ROLE "{owner}"; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`SET SESSION AUTHORIZATION` to `DB_USER`", try: `SET SESSION AUTHORIZATION "{owner}"; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`SET ROLE` to a superuser", try: `SET ROLE postgres; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "`RESET ROLE`, then the memberships", try: `RESET ROLE; SELECT count(*) > 0 FROM partywall.memberships`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then the users' password hashes", try: `RESET ROLE; SELECT count(password_hash) >= 0 FROM partywall.users`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then suspending the neighbour", try: `RESET ROLE; UPDATE partywall.tenants SET status = 'suspended' WHERE id = 'rival'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the registry, inside the tenant", try: `SELECT id = 'rival' FROM partywall.tenants ORDER BY 1`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then every tenant's ID and state", try: `RESET ROLE; SELECT id = 'rival' AND status = 'active' FROM partywall.tenants ORDER BY 1`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "a table in `shared` that wasn't granted", try: `SELECT job FROM shared.jobs`, roles: denied, off: getsThrough, kept: byRole},
		{name: "the server's programs: `COPY ... TO PROGRAM`", try: `COPY notes TO PROGRAM 'cat >/dev/null'; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "the same, having granted oneself `pg_execute_server_program`", try: `RESET ROLE; GRANT pg_execute_server_program TO CURRENT_USER; COPY (SELECT 1) TO PROGRAM 'cat >/dev/null'; SELECT true`, roles: denied, off: denied + "; before 16 " + getsThrough, kept: byRole},
		{name: "the server's files: `COPY ... FROM`", try: `COPY notes (text) FROM '/etc/passwd'; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "the server's files: `pg_read_file`, `pg_ls_dir`", try: `SELECT pg_read_file('PG_VERSION') > pg_ls_dir('.')`, roles: denied, off: denied, kept: byPostgres},
		{name: "the server's files: `lo_import`", try: `SELECT lo_import('/etc/passwd') > 0`, roles: denied, off: denied, kept: byPostgres},
		{name: "the server's files: `lo_export`", try: `SELECT lo_export({object}, '/tmp/object') > 0`, roles: denied, off: denied, kept: byPostgres},
		{name: "a library: `LOAD`", try: `LOAD '$libdir/plpgsql'; SELECT true`, roles: denied, off: denied, kept: byPostgres},
	}
}
