-- How many gates serve the tenants. The number in a tenant's row is below it.
ALTER TABLE partywall.installation ADD COLUMN gates integer NOT NULL DEFAULT 1 CHECK (gates > 0);
