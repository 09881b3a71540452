package access

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// Reader is a proof that its bearer may read the record of a tenant: a member of an
// active tenant, or a steward. Only [Service.AdmitReader], [Member.Reader] and
// [Steward.Reader] build one. The zero Reader may read nothing.
type Reader struct {
	tenant   domain.TenantID
	role     domain.Role // empty: the operator
	operator bool
}

// AdmitReader proves that the identity is a member of the active tenant id, or an owner
// of a suspended or deleted one. All other tenants return the same
// [domain.CodeTenantNotFound].
func (s *Service) AdmitReader(ctx context.Context, identity domain.Identity, id domain.TenantID) (Reader, error) {
	if err := identity.Require(); err != nil {
		return Reader{}, err
	}
	if err := id.Require(); err != nil {
		return Reader{}, err
	}
	found, err := s.find(ctx, identity, id)
	if err != nil {
		return Reader{}, err
	}
	owns := found.Role.May(domain.ManageTenant) && found.Status.VisibleToOwners()
	if !owns && !found.Status.ServesMembers() {
		return Reader{}, domain.NewError(domain.CodeTenantNotFound)
	}
	return Reader{tenant: id, role: found.Role}, nil
}

// Reader returns the proof that the member may read the tenant's record.
func (m Member) Reader() Reader { return Reader{tenant: m.tenant, role: m.role} }

// IsZero reports whether r proves nothing.
func (r Reader) IsZero() bool { return r == Reader{} }

// Tenant returns the tenant of the proof.
func (r Reader) Tenant() domain.TenantID { return r.tenant }

// Role returns the role that the reader has in the tenant, and "" for the operator.
func (r Reader) Role() domain.Role { return r.role }

// Steward reports whether the reader is an owner or the operator.
func (r Reader) Steward() bool { return r.operator || r.role.May(domain.ManageTenant) }
