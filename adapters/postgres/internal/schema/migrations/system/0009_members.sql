-- The state and the end of a membership, and its grant. A program of an older release
-- serves suspended and expired members: end its processes before the first suspension.
ALTER TABLE partywall.memberships
	ADD COLUMN state            text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
	ADD COLUMN expires_at       timestamptz, -- null: never
	ADD COLUMN email            text, -- verified; null: unknown
	ADD COLUMN granted_kind     text COLLATE "C" CHECK (granted_kind IN ('user', 'operator', 'system')), -- null: unknown
	ADD COLUMN granted_provider text COLLATE "C",
	ADD COLUMN granted_subject  text COLLATE "C",
	ADD COLUMN reason           text NOT NULL DEFAULT '';

-- Lists go through the members of a tenant in this order, also those of one role.
CREATE INDEX memberships_in_order ON partywall.memberships (tenant, provider, subject);
CREATE INDEX memberships_by_role ON partywall.memberships (tenant, role, provider, subject);
