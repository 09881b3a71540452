package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// installation is what the first setup decided, for good.
type installation struct {
	inst    string // 8 hex digits: roles belong to the whole server, two installations on it must not collide
	roles   bool   // whether tenants have roles
	version int    // the server's, as server_version_num
}

func (i installation) systemRole() string { return "pw_" + i.inst + "_system" }

func (i installation) sharedRole() string { return "pw_" + i.inst + "_shared" }

func (i installation) gateRole() string { return fmt.Sprintf("pw_%s_gate_%d", i.inst, gateOfAll) }

func (i installation) makerRole(n int) string {
	return i.makerPrefix() + strconv.Itoa(n)
}

func (i installation) prefix() string { return "pw_" + i.inst + "_" }

func (i installation) makerPrefix() string { return i.prefix() + "maker_" }

func (i installation) tenantPrefix() string { return i.prefix() + "t_" }

func (i installation) tenantRole(id domain.TenantID) string {
	return i.tenantPrefix() + id.String()
}

// newInst is the name of a new installation.
func newInst() string {
	name := make([]byte, 4)
	rand.Read(name)
	return hex.EncodeToString(name)
}

// gateOfAll is the one gate that there is yet.
const gateOfAll = 0

var errNoInstallation = errors.New("the database has no installation")

// readInstallation returns what setup decided.
func readInstallation(ctx context.Context, db sqlx.QueryerContext) (in installation, err error) {
	rows, err := db.QueryContext(ctx, `SELECT inst, roles, current_setting('server_version_num')::int FROM partywall.installation`)
	if err != nil {
		return in, err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return in, errors.Join(rows.Err(), errNoInstallation)
	}
	return in, errors.Join(rows.Scan(&in.inst, &in.roles, &in.version), rows.Close())
}
