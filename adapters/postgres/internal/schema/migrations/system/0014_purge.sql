-- The end of a tenant. A tombstone keeps the ID of a tenant that is gone, so that it is
-- not given out again.
ALTER TABLE partywall.tenants ADD COLUMN deleted_at timestamptz; -- null: it is not deleted
UPDATE partywall.tenants SET deleted_at = now() WHERE status IN ('deleted', 'purging');
CREATE INDEX tenants_to_purge ON partywall.tenants (purge_after) WHERE status IN ('deleted', 'purging');

CREATE TABLE partywall.tombstones (
	id         text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9-]{0,46}[a-z0-9]$'),
	name       text NOT NULL,
	created_at timestamptz NOT NULL, -- of the tenant
	purged_at  timestamptz NOT NULL DEFAULT now()
);

-- How far the purge of a tenant is, and which process is at work.
CREATE TABLE partywall.purges (
	tenant        text COLLATE "C" PRIMARY KEY,
	holder        text COLLATE "C" NOT NULL, -- '': no process
	leased_until  timestamptz NOT NULL, -- without a holder: until when the purge waits after a failure
	failures      integer NOT NULL DEFAULT 0, -- in a row
	failure       text NOT NULL DEFAULT '', -- the last one
	objects_after timestamptz -- when the objects of a tombstone are purged once more; null: not any more
);

-- A program of an older release does not look for tombstones. It takes an insertion that
-- adds no row for an ID that is taken.
CREATE FUNCTION partywall.keep_tombstones() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM partywall.tombstones t WHERE t.id = NEW.id) THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER keep_tombstones BEFORE INSERT ON partywall.tenants FOR EACH ROW EXECUTE FUNCTION partywall.keep_tombstones();
