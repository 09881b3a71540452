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

// SchemaOf names the tenant's schema, unquoted: at most 55 of PostgreSQL's 63 bytes.
func SchemaOf(id domain.TenantID) string { return "tenant_" + id.String() }

// PathOf is the search path inside a schema. pg_temp stands last, else a
// temporary table that was left behind would capture a tenant's rows.
func PathOf(schema string) string {
	return pq.QuoteIdentifier(schema) + ", " + ExtensionSchema + ", pg_temp"
}

// SharedPath is the search path of the login that works in the schema shared.
// Config.User alone may create in it.
const SharedPath = SharedSchema + ", " + ExtensionSchema + ", pg_temp"
