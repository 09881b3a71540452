package installation

import (
	"cmp"
	"context"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// On Citus a tenant's schema lies on one node of the cluster, and our own schemas on the
// coordinator. What runs as a tenant's role runs on that node as the same role, so that
// there the roles must be able to log in. They have no password: the nodes let the
// coordinator in by its certificate or its address.

// shardSchemas is the setting by which a new schema lies on one node.
const shardSchemas = "citus.enable_schema_based_sharding"

// KeepFromNodes has the transaction make schemas and roles on this server alone, also
// where it is a coordinator.
const KeepFromNodes = `
	SELECT pg_catalog.set_config(name, 'off', true) FROM pg_catalog.pg_settings WHERE name = '` + shardSchemas + `';
	SELECT pg_catalog.set_config('citus.enable_ddl_propagation', 'off', true) FROM pg_catalog.pg_extension WHERE extname = 'citus'`

// Target is the tenant's schema, as the server takes the files for it.
func (in Installation) Target(id domain.TenantID) schema.Target {
	on := schema.TenantTarget(pg.SchemaOf(id))
	on.Separately = in.Citus
	return on
}

// createSchema makes the schema {schema}, on a node of the cluster where there is one.
func (in Installation) createSchema() string {
	const create = `CREATE SCHEMA {schema}`
	if !in.Citus {
		return create
	}
	return `SET LOCAL ` + shardSchemas + ` = on; ` + create + `; SET LOCAL ` + shardSchemas + ` TO DEFAULT`
}

// loginOfTenants is whether tenants' roles may log in.
func (in Installation) loginOfTenants() string {
	if in.Citus {
		return "LOGIN NOINHERIT"
	}
	return "NOLOGIN"
}

// TrialRole is the role as which setup and the doctor enter the nodes of a cluster. It has
// the attributes of a tenant's role, and no rights.
func (in Installation) TrialRole() string { return in.Prefix() + "trial" }

// EnsureTrialRole makes the role where there is a cluster, unless an earlier setup did.
func (in Installation) EnsureTrialRole(ctx context.Context, tx *sqlx.Tx) error {
	var exists bool
	if err := tx.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, in.TrialRole()); err != nil || exists {
		return err
	}
	_, err := tx.ExecContext(ctx, pg.Fill(`CREATE ROLE {role} `+in.loginOfTenants(), map[string]string{"role": in.TrialRole()}))
	return err
}

// errLooked undoes what a look at the nodes needed.
var errLooked = errors.New("the nodes have answered")

// RefusingNodes returns the nodes that don't let the coordinator in as a tenant's role. It
// changes nothing: Config.User stays no member of the trial role, since Citus would want
// to make that role in the other databases of the cluster, too.
func (in Installation) RefusingNodes(ctx context.Context, db *sqlx.DB, scope *pg.Scope) (nodes []string, err error) {
	err = pg.InScope(ctx, db, scope, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, pg.Fill(`GRANT {role} TO CURRENT_USER`+in.SetOnly()+`; SET LOCAL ROLE {role}`, map[string]string{"role": in.TrialRole()}))
		if err != nil {
			return err
		}
		err = tx.SelectContext(ctx, &nodes, `
			SELECT nodename || ':' || nodeport FROM pg_catalog.pg_dist_node
			WHERE isactive AND noderole = 'primary' AND groupid <> 0 AND NOT pg_catalog.citus_check_connection_to_node(nodename, nodeport) ORDER BY 1`)
		return cmp.Or(err, errLooked)
	})
	if errors.Is(err, errLooked) {
		err = nil
	}
	return nodes, err
}

// AdmitTenants is what the operator does about nodes that refuse tenants' roles.
const AdmitTenants = "have pg_hba.conf of each of these nodes let all roles in from the coordinator by its certificate or its address, and reload it (docs/citus.md)"

// ownName is the name of Config.User, which makes the tenants' roles on Citus: what a
// maker does on the coordinator would need a login of the maker on the nodes.
func ownName(ctx context.Context, tx *sqlx.Tx) (name string, err error) {
	err = tx.GetContext(ctx, &name, `SELECT CURRENT_USER`)
	return name, err
}
