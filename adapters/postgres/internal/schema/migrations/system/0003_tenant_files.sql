-- The migrations that make a tenant, as the newest setup has them. A program that
-- is older runs from here what it doesn't know.
CREATE TABLE partywall.tenant_files (
	set      text COLLATE "C" NOT NULL,
	number   integer NOT NULL CHECK (number > 0),
	name     text NOT NULL,
	checksum text NOT NULL,
	sql      text NOT NULL,
	PRIMARY KEY (set, number)
);
