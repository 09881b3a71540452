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
