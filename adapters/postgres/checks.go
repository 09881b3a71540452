package postgres

import (
	"context"
	"database/sql"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/ports"
)

var _ ports.TenantChecker = (*Purges)(nil)

// What a tenant lacks that has data.
const (
	noSchema = "no schema"
	noRole   = "no role"
)

// fixes are what the operator does about it.
var fixes = map[string]string{noSchema: "restore the tenant from a backup", noRole: "set the database up again, which makes it"}

// Check implements [ports.TenantChecker].
func (s *Purges) Check(ctx context.Context) ([]ports.TenantFault, error) {
	logins, err := s.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "check the tenants")
	}
	var faults []ports.TenantFault
	err = logins.System.Each(ctx, func(rows *sql.Rows) error {
		var found ports.TenantFault
		err := rows.Scan(&found.Tenant, &found.What)
		found.Fix = fixes[found.What]
		if found.What == "" {
			found = ports.NoOwner(found.Tenant)
		}
		faults = append(faults, found)
		return err
	}, tenantFaults(), logins.TenantPrefix(), logins.Roles)
	return faults, pg.Translate(ctx, err, "check the tenants")
}

// tenantFaults selects the faults of all tenants, that of [ports.NoOwner] by an empty text. $1 begins the names of tenants' roles,
// and $2 reports whether there are any.
func tenantFaults() string {
	const absent = `NOT EXISTS (SELECT FROM partywall.tenants t WHERE t.id = `
	selects := []string{
		`SELECT ` + pg.TenantOfSchema + ` AS tenant, 'a schema without a tenant' AS what
			FROM pg_namespace WHERE ` + pg.IsTenantSchema + ` AND ` + absent + pg.TenantOfSchema + `)`,
		`SELECT substr(r.rolname, length($1) + 1), 'a role without a tenant'
			FROM pg_roles r WHERE $2 AND starts_with(r.rolname, $1) AND ` + absent + `substr(r.rolname, length($1) + 1))`,
		`SELECT t.id, '` + noSchema + `' FROM partywall.tenants t
			WHERE ` + schema.LacksSchema,
		`SELECT t.id, '` + noRole + `' FROM partywall.tenants t
			WHERE $2 AND ` + schema.KeepsData + ` AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = $1 || t.id)`,
		`SELECT t.id, '' FROM partywall.tenants t
			WHERE ` + acceptsMembers + ` AND NOT EXISTS (SELECT FROM partywall.memberships m WHERE m.tenant = t.id AND ` + keepsOwnership + `)`,
		`SELECT t.id, 'a tenant of an ID that is not given out' FROM partywall.tenants t JOIN partywall.tombstones s ON s.id = t.id`,
		`SELECT p.tenant, format('the purge failed %s times: %s', p.failures, p.failure) FROM partywall.purges p WHERE p.failures > 0`,
	}
	for _, table := range tablesOfTenants {
		selects = append(selects, `SELECT x.tenant, 'rows of a tenant that does not exist, in partywall.`+table+`'
			FROM (SELECT DISTINCT tenant FROM partywall.`+table+` WHERE tenant <> '') x WHERE `+absent+`x.tenant)`)
	}
	return strings.Join(selects, "\nUNION ALL\n") + ` ORDER BY 1, 2`
}
