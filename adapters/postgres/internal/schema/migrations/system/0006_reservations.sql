-- IDs that wait for the first owner of their tenant. A program of an older release
-- doesn't look here: where it made a tenant of the same ID, the reservation counts
-- for nothing.
CREATE TABLE partywall.reservations (
	id         text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,46}[a-z0-9]$'),
	name       text NOT NULL,
	token      bytea NOT NULL UNIQUE, -- the hash of the claim token
	counted    boolean NOT NULL, -- whether it counts in its caller's networks
	network    cidr, -- the narrowest of these; null: unknown
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL
);
CREATE INDEX reservations_expiring ON partywall.reservations (expires_at);

-- What became of claim tokens, so that an owner who repeats a claim gets the same
-- answer. Claims that a program of an older release made are in invitations.
CREATE TABLE partywall.claims (
	token    bytea PRIMARY KEY,
	tenant   text COLLATE "C" NOT NULL REFERENCES partywall.tenants ON DELETE CASCADE,
	provider text COLLATE "C" NOT NULL,
	subject  text COLLATE "C" NOT NULL
);
CREATE INDEX claims_of_tenant ON partywall.claims (tenant);

-- Tenants that were made, or are about to be, for owners whose address isn't
-- confirmed. A row counts for a day.
CREATE TABLE partywall.unconfirmed (
	making  bytea PRIMARY KEY, -- the claim token's hash, or a random name
	network cidr, -- the narrowest that the caller is counted in; null: unknown
	made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unconfirmed_by_time ON partywall.unconfirmed (made_at);
