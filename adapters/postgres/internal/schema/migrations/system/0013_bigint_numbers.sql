-- Numbers of migrations may be timestamps, such as 20260131120000. A program of an
-- older release reads them as they are, and makes no tenant from files above 2147483647.
ALTER TABLE partywall.migrations ALTER COLUMN number TYPE bigint;
ALTER TABLE partywall.tenant_files ALTER COLUMN number TYPE bigint;
