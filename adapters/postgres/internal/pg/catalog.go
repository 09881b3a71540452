package pg

// ObjectsOfSchema returns a subquery for the rows of a catalogue, such as pg_class, whose
// objects are in the schema $1. It finds them by pg_depend, because the catalogues have no
// index by schema: reading one tenant's objects would take longer the more tenants exist. Indexes and
// the tables of composite types, which only their owners depend on, are not among them.
func ObjectsOfSchema(catalogue string) string {
	return `(
		SELECT o.* FROM pg_depend d JOIN ` + catalogue + ` o ON o.oid = d.objid
		WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = $1)
			AND d.classid = '` + catalogue + `'::regclass AND d.deptype = 'n'
	)`
}
