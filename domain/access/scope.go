package access

import "github.com/partywall-go/partywall/domain"

// Scope is a proof that its holder may act inside one tenant: a [Member] or a [Worker].
//
// No other type is a proof. A type that embeds one of them is a Scope to the compiler
// only, and a function that takes a Scope refuses it, because the type may have a
// Tenant method of its own.
type Scope interface {
	// Tenant returns the tenant of the proof.
	Tenant() domain.TenantID

	// IsZero reports whether the proof proves nothing.
	IsZero() bool

	scope()
}

func (Member) scope() {}
func (Worker) scope() {}
