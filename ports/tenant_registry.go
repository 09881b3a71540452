package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// TenantRegistry has the tenants of an installation.
//
// A reservation (see [ReservationStore]) is a tenant of status [domain.Unclaimed]
// here, until it expires: then it is absent.
type TenantRegistry interface {
	// List returns at most limit tenants and reservations whose IDs come after
	// after, in the order of their IDs by byte. The zero TenantID comes before all.
	List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error)
}
