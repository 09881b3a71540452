package doctor

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// citus looks at where the schemas of an installation lie in a Citus cluster.
func (c *checker) citus(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Citus {
		return doctor.Pass("the server is no coordinator of Citus"), nil
	}
	for _, look := range []func(context.Context) (doctor.Finding, error){c.ownSchemas, c.spreadSchemas, c.spreadTables, c.loginsOfTenants, c.admission} {
		if found, err := look(ctx); err != nil || found.Severity != "" {
			return found, err
		}
	}
	return doctor.Pass("tenants' schemas lie on the nodes, and ours on the coordinator"), nil
}

func (c *checker) ownSchemas(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, `
		SELECT n.nspname FROM pg_dist_schema s JOIN pg_namespace n ON n.oid = s.schemaid WHERE `+pg.IsCommonSchema+` ORDER BY 1`)
	if err != nil || len(found) == 0 {
		return doctor.Finding{}, err
	}
	return doctor.Fail("Citus keeps "+pg.FirstFew(found)+" as if it were a tenant's", fmt.Sprintf("run as DB_USER, for each: SELECT citus_schema_undistribute('%s')", found[0])), nil
}

func (c *checker) spreadSchemas(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, `
		SELECT n.nspname FROM partywall.tenants t JOIN pg_namespace n ON n.nspname = `+pg.SchemaOfRow+`
		WHERE NOT EXISTS (SELECT FROM pg_dist_schema s WHERE s.schemaid = n.oid) ORDER BY 1`)
	if err != nil || len(found) == 0 {
		return doctor.Finding{}, err
	}
	return doctor.Warn("tenants' schemas lie on the coordinator: "+pg.FirstFew(found), fmt.Sprintf("run as DB_USER, for each: SELECT citus_schema_distribute('%s')", pg.QuoteAll(found[:1]))), nil
}

func (c *checker) spreadTables(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, `
		SELECT r.oid::regclass::text FROM pg_class r JOIN pg_dist_schema s ON s.schemaid = r.relnamespace
		WHERE r.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = r.oid) ORDER BY 1`)
	if err != nil || len(found) == 0 {
		return doctor.Finding{}, err
	}
	return doctor.Fail("tables of tenants lie on the coordinator, apart from the others of their schema: "+pg.FirstFew(found),
		"for each such schema run as DB_USER, while the tenant is suspended: SELECT citus_schema_undistribute(name), then SELECT citus_schema_distribute(name)"), nil
}

func (c *checker) loginsOfTenants(ctx context.Context) (doctor.Finding, error) {
	var found []string
	err := c.readAll(ctx, &found, fmt.Sprintf(`SELECT rolname FROM pg_roles WHERE rolname LIKE 'pw\_%s\_t\_%%' AND NOT rolcanlogin ORDER BY 1`, c.in.Name))
	if err != nil || len(found) == 0 {
		return doctor.Finding{}, err
	}
	return doctor.Fail("the coordinator can't log in to the nodes as roles of tenants: "+pg.FirstFew(found), "run as a superuser, for each: ALTER ROLE "+pg.QuoteAll(found[:1])+" LOGIN NOINHERIT"), nil
}

func (c *checker) admission(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Roles {
		return doctor.Finding{}, nil
	}
	refusing, err := c.in.RefusingNodes(ctx, c.db, c.cfg.OwnScope())
	if err != nil || len(refusing) == 0 {
		return doctor.Finding{}, err
	}
	return doctor.Fail("nodes refuse the roles of tenants: "+pg.FirstFew(refusing), installation.AdmitTenants), nil
}
