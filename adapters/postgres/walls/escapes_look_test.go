package walls_test

// looks are attempts to learn about other tenants from the catalogue and the statistics.
func looks() []escape {
	return []escape{
		{name: "the names of all schemas, tables and roles: `pg_class`, `pg_roles`", try: `SELECT count(*) > 0 FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'tenant_rival')`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "the text of another tenant's functions: `pg_proc`", try: `SELECT prosrc LIKE '%FROM notes%' FROM pg_proc WHERE proname = 'count_notes' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'tenant_rival')`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "the size of another tenant's tables: `pg_relation_size`", try: `SELECT pg_relation_size(c.oid) > 0 FROM pg_class c WHERE relname = 'notes' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'tenant_rival')`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "another tenant's values in `pg_stats`", try: `SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'tenant_rival'`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then the same", try: `RESET ROLE; SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'tenant_rival'`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "another tenant's values in `pg_statistic`", try: `SELECT count(*) > 0 FROM pg_statistic`, roles: denied, off: denied, kept: byPostgres},
		{name: "another tenant's last number: `pg_sequences`", try: `SELECT count(last_value) > 0 FROM pg_sequences WHERE schemaname = 'tenant_rival'`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`EXPLAIN` of another tenant's table", try: `EXPLAIN SELECT FROM tenant_rival.notes; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "another tenant's statements in `pg_stat_activity`", try: `SELECT query FROM pg_stat_activity WHERE pid = {pid}`, roles: staysInside, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then the same", try: `RESET ROLE; SELECT query FROM pg_stat_activity WHERE pid = {pid}`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "the IDs of all large objects", try: `SELECT count(*) > 0 FROM pg_largeobject_metadata WHERE oid = {object}`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "the passwords' verifiers: `pg_authid`", try: `SELECT count(rolpassword) > 0 FROM pg_authid`, roles: denied, off: denied, kept: byPostgres},
		{name: "the folder of the server's files: `SHOW data_directory`", try: `SELECT current_setting('data_directory') <> ''`, roles: denied, off: denied, kept: byPostgres},
		{name: "the rules of who may log in: `pg_hba_file_rules`", try: `SELECT count(*) > 0 FROM pg_hba_file_rules`, roles: denied, off: denied, kept: byPostgres},
	}
}
