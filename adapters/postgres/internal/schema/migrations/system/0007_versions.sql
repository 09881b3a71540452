-- How far each tenant is: the last number of our own files, and of the product's.
-- What a program asks for when it enters a tenant.
ALTER TABLE partywall.tenants
	ADD COLUMN pw_version bigint NOT NULL DEFAULT 0,
	ADD COLUMN version    bigint NOT NULL DEFAULT 0;
UPDATE partywall.tenants t SET pw_version = l.pw_version, version = l.version
FROM (
	SELECT tenant, coalesce(max(number) FILTER (WHERE set = 'tenant'), 0) AS pw_version, coalesce(max(number) FILTER (WHERE set = 'product'), 0) AS version
	FROM partywall.migrations GROUP BY tenant
) l
WHERE t.id = l.tenant;

-- Why the newest setup could make no tenant for trial; null where it could.
ALTER TABLE partywall.installation ADD COLUMN trial_failure text;

-- Why the newest setup left a tenant behind.
CREATE TABLE partywall.migration_failures (
	tenant    text COLLATE "C" PRIMARY KEY REFERENCES partywall.tenants ON DELETE CASCADE,
	failure   text NOT NULL,
	failed_at timestamptz NOT NULL DEFAULT now()
);
