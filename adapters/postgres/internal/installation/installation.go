package installation

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// Installation is what the first setup decided, for good.
type Installation struct {
	Name    string // 8 hex digits: roles belong to the whole server, two installations on it must not collide
	Roles   bool   // whether tenants have roles
	Version int    // the server's, as server_version_num
	Gates   int    // how many there were when this was read: see [Gates]
	Citus   bool   // the server is the coordinator of a Citus cluster, which spreads tenants' schemas over its nodes
}

// SystemRole is the login that reads and writes the registry.
func (i Installation) SystemRole() string { return "pw_" + i.Name + "_system" }

// SharedRole is the login that works in the schema shared.
func (i Installation) SharedRole() string { return "pw_" + i.Name + "_shared" }

// GateRole is the login of a gate, which serves the tenants of that gate.
func (i Installation) GateRole(n int) string { return i.GatePrefix() + strconv.Itoa(n) }

// GatePrefix begins the names of the gates' logins.
func (i Installation) GatePrefix() string { return i.Prefix() + "gate_" }

// GateRoles are the logins of all gates.
func (i Installation) GateRoles() []string {
	roles := make([]string, i.Gates)
	for n := range roles {
		roles[n] = i.GateRole(n)
	}
	return roles
}

// MakerRole is a role that makes tenants' roles.
func (i Installation) MakerRole(n int) string { return i.MakerPrefix() + strconv.Itoa(n) }

// Prefix begins the names of all roles of the installation.
func (i Installation) Prefix() string { return "pw_" + i.Name + "_" }

// MakerPrefix begins the names of the makers.
func (i Installation) MakerPrefix() string { return i.Prefix() + "maker_" }

// TenantPrefix begins the names of the tenants' roles.
func (i Installation) TenantPrefix() string { return i.Prefix() + "t_" }

// TenantRole is the role that scoped SQL of the tenant runs as.
func (i Installation) TenantRole(id domain.TenantID) string { return i.TenantPrefix() + id.String() }

// NewName returns a name for a new installation.
func NewName() string {
	name := make([]byte, 4)
	rand.Read(name)
	return hex.EncodeToString(name)
}

// ErrNone is the error of [Read] in a database that no setup has finished in.
var ErrNone = errors.New("the database has no installation")

// Read returns what setup decided.
func Read(ctx context.Context, db sqlx.QueryerContext) (in Installation, err error) {
	rows, err := db.QueryContext(ctx, `
		SELECT inst, roles, current_setting('server_version_num')::int, coalesce((to_jsonb(i) ->> 'gates')::int, 1),
			EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
		FROM partywall.installation i`) // a setup of an earlier release has made no column gates
	if err != nil {
		return in, err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return in, errors.Join(rows.Err(), ErrNone)
	}
	err = errors.Join(rows.Scan(&in.Name, &in.Roles, &in.Version, &in.Gates, &in.Citus), rows.Close())
	return in, err
}

// Guess returns the installation's name, for a Config.User that may not read the
// installation's row: the name of the system's login contains it. The name is empty
// where no installation is found.
func Guess(ctx context.Context, tx *sqlx.Tx) (in Installation, err error) {
	err = tx.QueryRowContext(ctx, `
		SELECT coalesce(min(substr(r.rolname, 4, 8)), ''), count(*) > 0, current_setting('server_version_num')::int
		FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
		WHERE n.nspname = 'partywall' AND r.rolname ~ '^pw_[0-9a-f]{8}_system$'`).Scan(&in.Name, &in.Roles, &in.Version)
	return in, err
}
