package access

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// Steward is a proof that an owner of a tenant, or the operator, may change the
// tenant's record, whatever its status. Only [Service.AdmitSteward] and
// [Operator.Steward] build one. The zero Steward may do nothing.
type Steward struct {
	tenant   domain.TenantID
	identity domain.Identity // zero: the operator
}

// AdmitSteward proves that the identity owns tenant id, which may be suspended or
// deleted. A member of an active tenant who is not an owner gets [domain.Forbidden].
// All other tenants return the same [domain.CodeTenantNotFound].
func (s *Service) AdmitSteward(ctx context.Context, identity domain.Identity, id domain.TenantID) (Steward, error) {
	reader, err := s.AdmitReader(ctx, identity, id)
	if err != nil {
		return Steward{}, err
	}
	if err := reader.role.Require(domain.ManageTenant); err != nil {
		return Steward{}, err
	}
	return Steward{reader.tenant, identity}, nil
}

// Steward proves that the operator may change the record of tenant id. It does not
// check that the tenant exists: the change does. The zero Operator returns
// [domain.Forbidden], and the zero TenantID [domain.Invalid].
func (o Operator) Steward(id domain.TenantID) (Steward, error) {
	if err := o.Require(); err != nil {
		return Steward{}, err
	}
	if err := id.Require(); err != nil {
		return Steward{}, err
	}
	return Steward{tenant: id}, nil
}

// IsZero reports whether s proves nothing.
func (s Steward) IsZero() bool { return s == Steward{} }

// Require returns nil, and a [domain.Forbidden] error if s is the zero Steward.
func (s Steward) Require() error {
	if s.IsZero() {
		return domain.Errorf(domain.Forbidden, "only an owner of the tenant and the operator may do that")
	}
	return nil
}

// Tenant returns the tenant of the proof.
func (s Steward) Tenant() domain.TenantID { return s.tenant }

// Actor returns the steward as the actor of a change.
func (s Steward) Actor() domain.Actor {
	switch {
	case s.IsZero():
		return domain.Actor{}
	case s.identity.IsZero():
		return domain.OperatorActor()
	}
	return domain.UserActor(s.identity)
}

// Reader returns the proof that the steward may read the tenant's record.
func (s Steward) Reader() Reader {
	switch {
	case s.IsZero():
		return Reader{}
	case s.identity.IsZero():
		return Reader{tenant: s.tenant, operator: true}
	}
	return Reader{tenant: s.tenant, role: domain.RoleOwner}
}

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
	tenant, membership, err := s.Members.Find(ctx, identity, id)
	if err != nil {
		return Reader{}, err
	}
	owns := membership.Role.May(domain.ManageTenant) && tenant.Status.VisibleToOwners()
	if !owns && !tenant.Status.ServesMembers() {
		return Reader{}, domain.NewError(domain.CodeTenantNotFound)
	}
	return Reader{tenant: tenant.ID, role: membership.Role}, nil
}

// Reader returns the proof that the member may read the tenant's record.
func (m Member) Reader() Reader { return Reader{tenant: m.tenant, role: m.role} }

// IsZero reports whether r proves nothing.
func (r Reader) IsZero() bool { return r == Reader{} }

// Tenant returns the tenant of the proof.
func (r Reader) Tenant() domain.TenantID { return r.tenant }

// Role returns the role that the reader has in the tenant, and "" for the operator.
func (r Reader) Role() domain.Role { return r.role }

// Operator reports whether the reader is the operator.
func (r Reader) Operator() bool { return r.operator }

// Steward reports whether the reader is an owner or the operator.
func (r Reader) Steward() bool { return r.operator || r.role.May(domain.ManageTenant) }
