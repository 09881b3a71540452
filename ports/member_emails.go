package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberEmails keeps the address of each member, for the lists of their tenants.
type MemberEmails interface {
	// SetEmail sets the address in all memberships of the identity. It leaves no event,
	// because an address grants nothing.
	SetEmail(ctx context.Context, identity domain.Identity, email domain.Email) error
}
