package schema

import (
	"fmt"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// A tenant's row has the last number that the tenant has of each set, and a program
// serves the tenants that have at least its own. An older program, which lacks
// these columns, leaves them behind the ledger: the first look at the tenant repairs that.

// KeepsData is [domain.TenantStatus.KeepsData] for the rows of partywall.tenants t: those
// that have a schema, and that migrations bring up to date.
const KeepsData = `t.status IN ('unclaimed', 'active', 'suspended', 'deleted')`

// LacksSchema is true for the rows of partywall.tenants t whose schema is missing.
const LacksSchema = `(` + KeepsData + ` AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ` + pg.SchemaOfRow + `))`

// AtLeast returns a condition that is true for the rows of partywall.tenants t with at least the sets' numbers.
func AtLeast(sets []Set) string {
	conditions := make([]string, len(sets))
	for i, s := range sets {
		conditions[i] = fmt.Sprintf("t.%s >= %d", s.Version, s.Last())
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}

// Behind returns a condition that is true for the rows of partywall.tenants t that lack a
// migration of the sets, by their columns. A tenant that is being purged needs none.
func Behind(sets []Set) string {
	return "(" + KeepsData + " AND NOT " + AtLeast(sets) + ")"
}

// Heal sets a tenant's columns to what its ledger has.
const Heal = `
	UPDATE partywall.tenants t SET pw_version = greatest(t.pw_version, l.pw_version), version = greatest(t.version, l.version)
	FROM (
		SELECT coalesce(max(number) FILTER (WHERE set = 'tenant'), 0) AS pw_version, coalesce(max(number) FILTER (WHERE set = 'product'), 0) AS version
		FROM partywall.migrations WHERE tenant = $1
	) l
	WHERE t.id = $1 AND (l.pw_version > t.pw_version OR l.version > t.version)`

// HasFiles returns a condition that is true for the rows of partywall.tenants t whose ledger has the sets' numbers.
func HasFiles(sets []Set) string {
	conditions := make([]string, len(sets))
	for i, s := range sets {
		conditions[i] = fmt.Sprintf("(SELECT coalesce(max(m.number), 0) FROM partywall.migrations m WHERE m.tenant = t.id AND m.set = '%s') >= %d", s.Name, s.Last())
	}
	return "(" + strings.Join(conditions, " AND ") + ")"
}
