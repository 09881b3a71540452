package postgres

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// The schemas that aren't a tenant's.
const (
	systemSchema    = "partywall" // the registry and all else of our own
	extensionSchema = "ext"       // extensions and nothing else, on every path
	sharedSchema    = "shared"    // the product's tables for all tenants, always named in full
)

// schemaOf names the tenant's schema, unquoted: at most 55 of PostgreSQL's 63 bytes.
func schemaOf(id domain.TenantID) string { return "tenant_" + id.String() }

// pathOf is the search path inside a schema. pg_temp stands last, else a
// temporary table that was left behind would capture somebody's rows.
func pathOf(schema string) string {
	return pq.QuoteIdentifier(schema) + ", " + extensionSchema + ", pg_temp"
}

// installation is what the first setup decided, for good.
type installation struct {
	inst    string // 8 hex digits: roles belong to the whole server, two installations on it must not collide
	roles   bool   // whether tenants have roles
	version int    // the server's, as server_version_num
}

// newInst is the name of a new installation.
func newInst() string {
	name := make([]byte, 4)
	rand.Read(name)
	return hex.EncodeToString(name)
}

func (i installation) systemRole() string { return "pw_" + i.inst + "_system" }
func (i installation) sharedRole() string { return "pw_" + i.inst + "_shared" }
func (i installation) gateRole() string   { return fmt.Sprintf("pw_%s_gate_%d", i.inst, gateOfAll) }
func (i installation) makerRole(n int) string {
	return i.makerPrefix() + strconv.Itoa(n)
}
func (i installation) prefix() string       { return "pw_" + i.inst + "_" }
func (i installation) makerPrefix() string  { return i.prefix() + "maker_" }
func (i installation) tenantPrefix() string { return i.prefix() + "t_" }
func (i installation) tenantRole(id domain.TenantID) string {
	return i.tenantPrefix() + id.String()
}
