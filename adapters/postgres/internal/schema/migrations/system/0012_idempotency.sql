-- The first answer to a creating request of any route, as JSON without secrets. That of a
-- created tenant is in name, status and created_at, where a program of an older release
-- reads and writes it beside this one.
ALTER TABLE partywall.idempotency
	ADD COLUMN answer json,
	ALTER COLUMN name SET DEFAULT '',
	ALTER COLUMN status SET DEFAULT '';
