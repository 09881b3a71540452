// Package access decides which identity may act where, and has the proofs of it that
// the use cases require: a [Member] may act inside a tenant, a [Steward] may change the
// tenant itself and a [Reader] may read its record, an [Operator] may act on the
// installation, and a [Worker] is a job of the operator inside a tenant.
// A proof has no exported fields and only this package builds one, so a call on
// behalf of an identity that was not checked does not compile.
package access

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// Service admits members to their tenants.
type Service struct {
	Members     ports.MemberStore
	Permissions *domain.Permissions // of the product's own; nil: none
	Workers     ports.WorkerStore   // for AdmitWorker alone
	InFlight    *limits.Tenants     // notes the limits of the tenants that are admitted to; nil: there are none
}

// Admit proves that the identity is a member of the active tenant id. All other tenants
// return the same [domain.CodeTenantNotFound]; an unavailable store returns
// [domain.CodeDatabaseUnavailable].
func (s *Service) Admit(ctx context.Context, identity domain.Identity, id domain.TenantID) (Member, error) {
	if err := identity.Require(); err != nil {
		return Member{}, err
	}
	if err := id.Require(); err != nil {
		return Member{}, err
	}
	found, err := s.find(ctx, identity, id)
	if err != nil {
		return Member{}, err
	}
	if !found.Status.ServesMembers() {
		return Member{}, domain.NewError(domain.CodeTenantNotFound)
	}
	return Member{id, identity, found.Role, found.Settings, s.Permissions}, nil
}

// find looks the membership up, and notes the tenant's limits.
func (s *Service) find(ctx context.Context, identity domain.Identity, id domain.TenantID) (ports.Admission, error) {
	found, err := s.Members.Find(ctx, identity, id)
	if err == nil {
		s.InFlight.Note(id, found.Limits)
	}
	return found, err
}

// AdmitSole admits the identity to the one tenant that it is a member of. An identity
// that belongs to several tenants, or to none, gets [domain.CodeTenantRequired].
func (s *Service) AdmitSole(ctx context.Context, identity domain.Identity) (Member, error) {
	if err := identity.Require(); err != nil {
		return Member{}, err
	}
	found, err := s.Members.Memberships(ctx, identity, 2)
	if err != nil {
		return Member{}, err
	}
	if len(found) != 1 {
		return Member{}, domain.NewError(domain.CodeTenantRequired)
	}
	sole := found[0]
	s.InFlight.Note(sole.Tenant.ID, sole.Limits)
	return Member{sole.Tenant.ID, identity, sole.Membership.Role, sole.Settings, s.Permissions}, nil
}
