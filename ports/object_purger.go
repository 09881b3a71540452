package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// ObjectPurger removes everything that an object store keeps of a tenant: the objects,
// whatever their names, their old versions, the markers of deleted objects, and
// uploads that were never finished. It reaches no other tenant's objects.
//
// An upload whose request is being served may end after a purge and leave an object.
// So a tenant is empty for good once no URL for it is valid any more, by
// [MaxSignedLife], and a purge after that found nothing.
type ObjectPurger interface {
	// HasObjects reports whether the store keeps an object of the tenant, or an old
	// version or a marker of one, so that a tenant of that ID would not start empty.
	HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error)

	// Purge removes at most limit (1 or more) things that the store keeps of the tenant,
	// and returns how many it removed. Zero means that it found nothing. A call that fails
	// may have removed some; a later call continues, also beside other calls.
	Purge(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error)
}
