-- Lets tenants enqueue jobs of their own. It follows River's own migrations.

-- The tenant whose role inserted the job; null: the product itself did. The name of the
-- installation is left out, because a copy of the database has another one.
ALTER TABLE river_job ADD COLUMN tenant text COLLATE "C"
	DEFAULT substring(current_user FROM '^pw_[0-9a-f]{8}_t_(.+)$');

-- River gives its workers the arguments, and not this column.
ALTER TABLE river_job ADD CONSTRAINT tenant_is_in_args CHECK (args ->> 'tenant' IS NOT DISTINCT FROM tenant);

ALTER TABLE river_job ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON river_job USING (tenant = substring(current_user FROM '^pw_[0-9a-f]{8}_t_(.+)$'));
CREATE POLICY of_workers ON river_job USING (current_user ~ '^pw_[0-9a-f]{8}_shared$');

-- What an insert by River needs: it also reads the row, takes an ID and, where the
-- unique arguments meet a job, updates that job's kind to itself.
GRANT SELECT, INSERT, UPDATE (kind) ON river_job TO PUBLIC;
GRANT USAGE ON SEQUENCE river_job_id_seq TO PUBLIC;
GRANT EXECUTE ON FUNCTION river_job_state_in_bitmask(bit, river_job_state) TO PUBLIC;
