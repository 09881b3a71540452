package walls_test

// disturbs are attempts to slow other tenants down.
func disturbs() []escape {
	return []escape{
		{name: "`pg_cancel_backend` of another tenant's statement", try: `SELECT pg_cancel_backend({pid})`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`pg_terminate_backend` of another tenant's connection", try: `SELECT pg_terminate_backend({pid})`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then both", try: `RESET ROLE; SELECT pg_cancel_backend({pid}) AND pg_terminate_backend({pid})`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "`LOCK TABLE` of another tenant's table", try: `LOCK TABLE tenant_rival.notes; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then `LOCK TABLE` of the registry", try: `RESET ROLE; LOCK TABLE partywall.tenants IN ACCESS SHARE MODE; SELECT true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`RESET ROLE`, then another tenant's row of the registry, `FOR SHARE`", try: `RESET ROLE; SELECT true FROM partywall.tenants WHERE id = 'rival' FOR KEY SHARE`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`LOCK TABLE` of an own table, while a migration waits", try: `LOCK TABLE notes; SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "the advisory lock of `partywall setup`", try: `SELECT pg_try_advisory_xact_lock(123563834374519)`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "`NOTIFY` on another tenant's channel", try: `NOTIFY jobs, 'planted'; SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "no `statement_timeout`", try: `SET LOCAL statement_timeout = 0; SELECT current_setting('statement_timeout') = '0'`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "no `lock_timeout`, no `idle_in_transaction_session_timeout`", try: `SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT current_setting('idle_in_transaction_session_timeout') = '0'`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "all of the server's memory: `work_mem`", try: `SET LOCAL work_mem = '1TB'; SELECT current_setting('work_mem') = '1TB'`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "all of the program's memory: an unbounded result", try: `SELECT repeat('x', 8 << 20); SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "all of the disk: an own large object", try: `SELECT lo_from_bytea(0, '\x00'); SELECT true`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "all of the disk: `temp_file_limit`", try: `SET LOCAL temp_file_limit = -1; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "triggers that don't fire: `session_replication_role`", try: `SET LOCAL session_replication_role = replica; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "no log of statements: `log_statement`", try: `SET LOCAL log_statement = 'none'; SELECT true`, roles: denied, off: denied, kept: byPostgres},
		{name: "`CHECKPOINT`", try: `CHECKPOINT; SELECT true`, roles: denied, off: denied, kept: byPostgres},
	}
}
