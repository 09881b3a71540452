-- The statuses of a tenant that is deleted, and what its record says. A program of an
-- older release serves none of them, and gives their IDs to no other tenant.
ALTER TABLE partywall.tenants
	DROP CONSTRAINT tenants_status_check,
	ADD CONSTRAINT tenants_status_check CHECK (status IN ('unclaimed', 'active', 'suspended', 'deleted', 'purging')),
	ADD COLUMN changes          bigint NOT NULL DEFAULT 0, -- how often the record was changed
	ADD COLUMN settings         text NOT NULL DEFAULT '{}' CHECK (octet_length(settings) <= 65536), -- a JSON object, as it was sent
	ADD COLUMN suspended_by     text COLLATE "C" NOT NULL DEFAULT '' CHECK (suspended_by IN ('', 'owner', 'operator')),
	ADD COLUMN suspended_reason text NOT NULL DEFAULT '',
	ADD COLUMN deleted_by       text COLLATE "C" NOT NULL DEFAULT '' CHECK (deleted_by IN ('', 'owner', 'operator')),
	ADD COLUMN purge_after      timestamptz;
