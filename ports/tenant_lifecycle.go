package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// TenantLifecycle reads and changes the records of tenants.
type TenantLifecycle interface {
	// Details returns the record of the tenant, whatever its status. A reservation is
	// of status [domain.Unclaimed]. An ID that no tenant has, or whose reservation has
	// expired, is [domain.CodeTenantNotFound].
	Details(ctx context.Context, id domain.TenantID) (domain.TenantDetails, error)

	// Change applies the change to the record as it is then, and returns the record
	// afterwards. The store's clock is the time of the change. Its errors are those of
	// [domain.TenantChange.Apply], and such a change changes nothing. Of many changes at
	// once, each is applied to the record that the one before it left.
	//
	// An owner's change requires that By owns the tenant when the change is made, and
	// that the tenant's status is one that owners see. Otherwise it is
	// [domain.CodeTenantNotFound], as is a tenant that does not exist, or that is a
	// reservation.
	//
	// Each request that begins after Change has returned, in any process, meets the new
	// status. A change that changes nothing keeps the revision; each other change
	// replaces it.
	Change(ctx context.Context, change TenantChange) (domain.TenantDetails, error)
}

// TenantChange is a change of a tenant's record by an actor.
type TenantChange struct {
	Tenant domain.TenantID
	By     domain.Actor // the operator, or an owner
	domain.TenantChange
}

// Validate returns a [domain.Invalid] error if the change lacks its tenant
// ("tenantId") or its actor ("by").
func (c TenantChange) Validate() error {
	if err := c.Tenant.Require(); err != nil {
		return err
	}
	return checkActor(c.By)
}
