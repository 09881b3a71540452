package walls_test

// queues are attempts to reach another tenant's jobs in a queue of the schema shared, whose
// row policies show each tenant its own.
func queues() []escape {
	return []escape{
		{name: "another tenant's jobs", try: `SELECT kind FROM shared.queue`, roles: staysInside, off: getsThrough, kept: byPolicy},
		{name: "`row_security` off, then the same", try: `SET LOCAL row_security = off; SELECT kind FROM shared.queue`, roles: denied, off: getsThrough, kept: byPolicy},
		{name: "a queue without policies: `ALTER TABLE`", try: `ALTER TABLE shared.queue DISABLE ROW LEVEL SECURITY; SELECT kind FROM shared.queue`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a policy for all: `CREATE POLICY`", try: `CREATE POLICY planted ON shared.queue USING (true); SELECT kind FROM shared.queue`, roles: denied, off: getsThrough, kept: byRole},
		{name: "another kind of another tenant's job", try: `UPDATE shared.queue SET kind = 'planted' WHERE tenant = 'rival' RETURNING true`, roles: staysInside, off: getsThrough, kept: byPolicy},
		{name: "another tenant's job, as one's own", try: `UPDATE shared.queue SET tenant = 'acme' WHERE tenant = 'rival' RETURNING true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "`DELETE` of another tenant's job", try: `DELETE FROM shared.queue WHERE tenant = 'rival' RETURNING true`, roles: denied, off: getsThrough, kept: byRole},
		{name: "a job in another tenant's name", try: `INSERT INTO shared.queue (tenant, kind) VALUES ('rival', 'planted'); SELECT true`, roles: denied, off: getsThrough, kept: byPolicy},
		{name: "a job in the product's name", try: `INSERT INTO shared.queue (tenant, kind) VALUES (NULL, 'planted'); SELECT true`, roles: denied, off: getsThrough, kept: byPolicy},
		{name: "another tenant's job, by its unique key: `ON CONFLICT DO UPDATE`", try: `INSERT INTO shared.queue (kind, unique_key) VALUES ('planted', 'the rival''s') ON CONFLICT (unique_key) DO UPDATE SET kind = queue.kind RETURNING kind`, roles: denied, off: getsThrough, kept: byPolicy},
		{name: "whether another tenant has a job of a unique key: `ON CONFLICT DO NOTHING`", try: `WITH planted AS (INSERT INTO shared.queue (kind, unique_key) VALUES ('planted', 'the rival''s') ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) = 0 FROM planted`, roles: getsThrough, off: getsThrough, kept: byTrust},
		{name: "`SET ROLE` to another tenant's role, then its jobs", try: `SET ROLE "{t_rival}"; SELECT kind FROM shared.queue`, roles: getsThrough, off: noRole, kept: byTrust},
	}
}
