package ports

import (
	"context"
	"iter"

	"github.com/partywall-go/partywall/domain"
)

// ObjectTenants finds the tenants whose objects a store keeps, whether they exist or not.
type ObjectTenants interface {
	// Tenants returns each ID under which [ObjectPurger.HasObjects] finds something, once
	// and in any order. It reads page after page, and ends at the first error. What lies
	// under a name that is no tenant's ID is left out.
	Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error]
}
