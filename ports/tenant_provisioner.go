package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// TenantProvisioner creates tenants with their schemas. The ID of a reservation (see
// [ReservationStore]) is taken until the reservation expires.
type TenantProvisioner interface {
	// Create creates a tenant that is ready to use: its row, its owner, its schema with
	// all of its contents, and the record of the idempotency key, all in one step. Of
	// many creators of one ID one succeeds; the others get [domain.CodeTenantExists], as
	// for an ID that is reserved. A creation that exceeds tenant.Limits is refused as
	// [MakingLimits] describes, also where several creations come at once, whether or
	// not the ID is taken.
	//
	// Under tenant.Idempotency it creates one tenant, as [Idempotency] describes, and
	// reports a replay as Replayed. A replay is not limited. The event of a creation is
	// [domain.EventTenantCreated].
	Create(ctx context.Context, tenant TenantCreation) (CreatedTenant, error)

	// Sweep removes the reservations that have expired, and the remains of interrupted
	// creations. It returns how many IDs it freed.
	Sweep(ctx context.Context) (int, error)
}

// TenantCreation describes a tenant to be created. It has an ID and an Owner.
type TenantCreation struct {
	ID          domain.TenantID
	Name        string
	Owner       domain.Identity
	OwnerEmail  domain.Email // confirmed, kept in the membership and the event; zero: unknown
	By          domain.Actor // zero: the Owner
	Idempotency *Idempotency // nil: every call is new
	Limits      MakingLimits
}

// CreatedTenant is the tenant that [TenantProvisioner.Create] created, now or before.
type CreatedTenant struct {
	Tenant   domain.Tenant
	Replayed bool
}
