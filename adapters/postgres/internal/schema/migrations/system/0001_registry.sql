-- What setup decided once, for good.
CREATE TABLE partywall.installation (
	only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	inst       text NOT NULL CHECK (inst ~ '^[0-9a-f]{8}$'),
	roles      boolean NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);

-- What was applied: once for the sets of the installation, whose tenant is '',
-- and once for each tenant for the others.
CREATE TABLE partywall.migrations (
	set        text COLLATE "C" NOT NULL,
	tenant     text COLLATE "C" NOT NULL DEFAULT '',
	number     integer NOT NULL CHECK (number > 0),
	name       text NOT NULL,
	checksum   text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (tenant, set, number)
);

CREATE TABLE partywall.tenants (
	id         text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,46}[a-z0-9]$'),
	name       text NOT NULL,
	status     text COLLATE "C" NOT NULL CHECK (status IN ('unclaimed', 'active', 'suspended')),
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz, -- of the claim; of no meaning once there is an owner
	gate       integer NOT NULL DEFAULT 0,
	request    text NOT NULL, -- made up by the creating request, to ask later whether it succeeded
	CHECK (status <> 'unclaimed' OR expires_at IS NOT NULL)
);
CREATE INDEX tenants_expiring ON partywall.tenants (expires_at) WHERE status = 'unclaimed';

CREATE TABLE partywall.memberships (
	provider   text COLLATE "C" NOT NULL,
	subject    text COLLATE "C" NOT NULL,
	tenant     text COLLATE "C" NOT NULL REFERENCES partywall.tenants ON DELETE CASCADE,
	role       text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (provider, subject, tenant)
);
CREATE INDEX memberships_of_tenant ON partywall.memberships (tenant);

-- Claims, which have no address, and invitations by mail.
CREATE TABLE partywall.invitations (
	hash              bytea PRIMARY KEY,
	tenant            text COLLATE "C" NOT NULL REFERENCES partywall.tenants ON DELETE CASCADE,
	role              text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
	email             text,
	expires_at        timestamptz NOT NULL,
	redeemed_provider text COLLATE "C",
	redeemed_subject  text COLLATE "C",
	CHECK ((redeemed_provider IS NULL) = (redeemed_subject IS NULL))
);
CREATE INDEX invitations_of_tenant ON partywall.invitations (tenant);

-- The first answers to creating requests. The digest is of identity, route and key.
CREATE TABLE partywall.idempotency (
	digest           bytea PRIMARY KEY,
	fingerprint      bytea NOT NULL,
	tenant           text COLLATE "C" NOT NULL,
	name             text NOT NULL,
	status           text COLLATE "C" NOT NULL,
	created_at       timestamptz NOT NULL DEFAULT now(),
	claim_expires_at timestamptz,
	expires_at       timestamptz NOT NULL
);
CREATE INDEX idempotency_expiring ON partywall.idempotency (expires_at);
