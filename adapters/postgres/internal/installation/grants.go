package installation

// GrantSystem is what the system's login may do: it reads and writes the registry.
const GrantSystem = `
	GRANT USAGE ON SCHEMA partywall TO {system};
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA partywall TO {system};
	REVOKE INSERT, UPDATE, DELETE ON ` + TablesOfSetup + `, ` + TableOfEvents + ` FROM {system};
	GRANT INSERT (` + ColumnsOfNewEvent + `), UPDATE (position) ON ` + TableOfEvents + ` TO {system}`

// GrantGate is what the login of a gate may do: it reads whether a tenant may be entered.
const GrantGate = `
	GRANT USAGE ON SCHEMA partywall TO {gate};
	GRANT SELECT (` + ColumnsOfGate + `) ON partywall.tenants TO {gate}`

// What the grants name.
const (
	// TablesOfSetup are those that Config.User alone writes: setup runs the SQL in them,
	// and relies on the rest.
	TablesOfSetup = `partywall.installation, partywall.migrations, partywall.tenant_files, partywall.migration_failures`

	// TableOfEvents is the one to which the system's login only adds. The UPDATE is the
	// sequencer's, and the policies of the table allow it once for each event. A REVOKE
	// of UPDATE from the table takes the column's with it, so it comes first.
	TableOfEvents = `partywall.events`

	// ColumnsOfNewEvent are those of partywall.events that are inserted.
	ColumnsOfNewEvent = `kind, tenant, actor, actor_provider, actor_subject, behalf_provider, behalf_subject, address, request_id, data`

	// ColumnsOfGate are those of partywall.tenants that a gate reads.
	ColumnsOfGate = `id, status, gate, expires_at, pw_version, version`
)

// CloseFunctions keeps new functions from PUBLIC: a tenant's come with a grant to
// its role, and those of extensions stay open to PUBLIC.
const CloseFunctions = `
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES IN SCHEMA ext GRANT EXECUTE ON FUNCTIONS TO PUBLIC`

// SharedDefaults counts for how many of three kinds of objects (tables, sequences and
// functions) the login {shared} may use those that Config.User makes in the schema shared.
const SharedDefaults = `
	SELECT count(DISTINCT d.defaclobjtype) FROM pg_default_acl d, aclexplode(d.defaclacl) a JOIN pg_roles r ON r.oid = a.grantee
	WHERE d.defaclnamespace = 'shared'::regnamespace AND d.defaclrole = CURRENT_USER::regrole AND r.rolname = '{shared}'`
