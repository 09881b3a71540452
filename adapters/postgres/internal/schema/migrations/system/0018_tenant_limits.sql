-- What a tenant takes of each process at most. Null: the default of the configuration.
ALTER TABLE partywall.tenants
	ADD COLUMN max_requests    integer CHECK (max_requests > 0),
	ADD COLUMN max_connections integer CHECK (max_connections > 0);
