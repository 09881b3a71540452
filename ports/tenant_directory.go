package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// TenantDirectory finds tenants for the operator, and for the identities that own
// them.
type TenantDirectory interface {
	// Search returns at most limit tenants that the query matches and whose IDs come
	// after after, in the order of their IDs by byte. The zero TenantID comes before
	// all. The records have no Settings. Tenants of status [domain.Gone] are returned
	// only where the query asks for that status.
	Search(ctx context.Context, query TenantQuery, after domain.TenantID, limit int) ([]domain.TenantDetails, error)

	// Visible returns the tenants that the identity may see, and its membership in
	// each: active ones, and those that it owns and whose status owners see. They come
	// in the order of the tenants' IDs, at most limit of them.
	Visible(ctx context.Context, identity domain.Identity, limit int) ([]TenantMembership, error)
}

// TenantQuery selects tenants. The zero TenantQuery selects all that are not gone.
type TenantQuery struct {
	Status domain.TenantStatus // empty: any but [domain.Gone]
	Text   string              // in the ID or the name, in capitals or not; empty: any
	Owner  domain.Identity     // an owner of the tenant; zero: any
}
