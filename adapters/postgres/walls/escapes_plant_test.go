package walls_test

// plants are attempts to leave something for others to stumble over, or to give
// away what one has.
func plants() []escape {
	return []escape{
		{name: "a temporary table that shadows the tenant's", try: `CREATE TEMP TABLE notes (text text); SELECT 'notes'::regclass = 'pg_temp.notes'::regclass`, roles: denied, off: staysInside, kept: byRole, commits: false},
		{name: "a function in `pg_temp` that shadows a built-in one", try: `CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'; SELECT now() IS NULL`, roles: denied, off: staysInside, kept: byRole},
		{name: "a `SECURITY DEFINER` function in the tenant's schema, for migrations to call", try: `CREATE FUNCTION tenant_acme.planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a function in `public`", try: `CREATE FUNCTION public.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a function in `ext`, which is on every path", try: `CREATE FUNCTION ext.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a function in `shared`", try: `CREATE FUNCTION shared.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then a function in the tenant's schema", try: `RESET ROLE; CREATE FUNCTION tenant_acme.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "an operator in the tenant's schema", try: `CREATE OPERATOR tenant_acme.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq); SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a cast between built-in types", try: `CREATE CAST (text AS point) WITH INOUT AS IMPLICIT; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "a trigger on the tenant's own table", try: `CREATE TRIGGER planted BEFORE INSERT ON notes EXECUTE FUNCTION suppress_redundant_updates_trigger(); SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a default of the tenant's own column", try: `ALTER TABLE notes ALTER text SET DEFAULT 'planted'; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "an event trigger", try: `CREATE EVENT TRIGGER planted ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger(); SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "a function in C", try: `CREATE FUNCTION planted() RETURNS int LANGUAGE internal AS 'pg_backend_pid'; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "a schema", try: `CREATE SCHEMA planted; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a foreign data wrapper", try: `CREATE FOREIGN DATA WRAPPER planted; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "a publication of another tenant's rows", try: `CREATE PUBLICATION planted FOR TABLE tenant_rival.notes; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a role", try: `RESET ROLE; CREATE ROLE planted_{database}; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`GRANT` of the tenant's rows to `PUBLIC`", try: `GRANT SELECT ON notes TO PUBLIC; SELECT has_table_privilege('public', 'tenant_acme.notes', 'SELECT')`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`GRANT` of the tenant's role to another tenant's", try: `GRANT "{t_acme}" TO "{t_rival}"; SELECT true`, roles: denied, off: undefinedRole, kept: byRole},
		{name: "`RESET ROLE`, then `GRANT` of the tenant's role to the system's login", try: `RESET ROLE; GRANT "{t_acme}" TO "{system}"; SELECT true`, roles: denied, off: undefinedRole, kept: byRole},
		{name: "`RESET ROLE`, then `GRANT` of the gate itself to another login", try: `RESET ROLE; GRANT "{gate_0}" TO "{system}"; SELECT true`, roles: denied, off: undefinedRole, kept: byPostgres},
		{name: "`ALTER DEFAULT PRIVILEGES` of `DB_USER`", try: `ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT ALL ON TABLES TO PUBLIC; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`ALTER DEFAULT PRIVILEGES` of the tenant's role", try: `ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; SELECT '{owner}' = current_user`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`ALTER ROLE ... LOGIN` of the tenant's role", try: `ALTER ROLE "{t_acme}" LOGIN; SELECT true`, roles: denied, off: undefinedRole, kept: byRole},
		{name: "`ALTER DATABASE ... SET`", try: `RESET ROLE; ALTER DATABASE "{database}" SET search_path = tenant_acme; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then `ALTER ROLE ... SET` for the gate", try: `RESET ROLE; ALTER ROLE CURRENT_USER SET default_transaction_read_only = on; SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "`RESET ROLE`, then a new password of the gate", try: `RESET ROLE; ALTER ROLE CURRENT_USER PASSWORD 'planted'; SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "`DROP OWNED BY` the tenant's role: its own grants", try: `DROP OWNED BY CURRENT_USER; SELECT NOT coalesce(has_schema_privilege(current_user, to_regnamespace('tenant_acme'), 'USAGE'), false)`, roles: staysInside, off: getsThrough, kept: byPostgres},
		{name: "`RESET ROLE`, then `DROP OWNED BY` the gate: every tenant's grants", try: `RESET ROLE; DROP OWNED BY CURRENT_USER; SELECT true`, roles: denied, off: getsThrough, kept: byPostgres},
	}
}
