-- The lock on a tenant's row is its lease: who holds it migrates the tenant. The
-- tenant's own row is not locked while a migration runs.
CREATE TABLE partywall.migration_leases (
	tenant text COLLATE "C" PRIMARY KEY REFERENCES partywall.tenants ON DELETE CASCADE
);

-- The files that run outside of a transaction, from the begin of their first statement
-- until they are recorded. Shared files have the tenant ''.
CREATE TABLE partywall.migrations_begun (
	set       text COLLATE "C" NOT NULL,
	tenant    text COLLATE "C" NOT NULL,
	number    bigint NOT NULL,
	checksum  text NOT NULL,
	statement integer NOT NULL CHECK (statement > 0), -- the last that has begun
	begun_at  timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant, set, number)
);
