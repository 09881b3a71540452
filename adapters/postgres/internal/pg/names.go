package pg

import (
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// The schemas that aren't a tenant's.
const (
	SystemSchema    = "partywall" // the registry and all else of our own
	ExtensionSchema = "ext"       // extensions and nothing else, on every path
	SharedSchema    = "shared"    // the product's tables for all tenants, always named in full
)

// TenantSchemaPrefix begins the names of tenants' schemas, and of no other of ours.
const TenantSchemaPrefix = "tenant_"

// SchemaOf names the tenant's schema, unquoted: at most 55 of PostgreSQL's 63 bytes.
func SchemaOf(id domain.TenantID) string { return TenantSchemaPrefix + id.String() }

// Conditions for the rows of the catalogue pg_namespace.
const (
	IsCommonSchema = `nspname IN ('` + SystemSchema + `', '` + ExtensionSchema + `', '` + SharedSchema + `')`
	IsTenantSchema = `starts_with(nspname, '` + TenantSchemaPrefix + `')`
	IsOurSchema    = `(` + IsCommonSchema + ` OR ` + IsTenantSchema + `)`
)

// SchemaOfRow is [SchemaOf] in SQL, for the rows of partywall.tenants t. TenantOfSchema is
// its inverse, for the rows of pg_namespace with [IsTenantSchema].
const (
	SchemaOfRow    = `('` + TenantSchemaPrefix + `' || t.id)`
	TenantOfSchema = `substr(nspname, length('` + TenantSchemaPrefix + `') + 1)`
)

// PathOf is the search path inside a schema. pg_temp stands last, else a
// temporary table that was left behind would capture a tenant's rows.
func PathOf(schema string) string {
	return pq.QuoteIdentifier(schema) + ", " + ExtensionSchema + ", pg_temp"
}

// SharedPath is the search path of the login that works in the schema shared.
// Config.User alone may create in it.
const SharedPath = SharedSchema + ", " + ExtensionSchema + ", pg_temp"
