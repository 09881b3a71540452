package postgres

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/partywall-go/partywall/domain"
)

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
