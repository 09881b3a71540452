package access

import "github.com/partywall-go/partywall/domain"

// Manager is a proof that the caller may manage the members of a tenant: a [Member]
// whose role allows it, or the [Operator]. Only [Member.Manager] and
// [Operator.Manager] build one. The zero Manager may do nothing.
type Manager struct {
	tenant domain.TenantID
	actor  domain.Actor
}

// Manager proves that the member may manage members. A role that does not allow
// [domain.ManageMembers] is [domain.Forbidden].
func (m Member) Manager() (Manager, error) {
	if err := m.Require(domain.ManageMembers); err != nil {
		return Manager{}, err
	}
	return Manager{m.tenant, domain.UserActor(m.identity)}, nil
}

// Manager proves that the operator may manage the members of tenant id, whether or not
// the tenant exists. The zero Operator returns [domain.Forbidden].
func (o Operator) Manager(id domain.TenantID) (Manager, error) {
	if err := o.Require(); err != nil {
		return Manager{}, err
	}
	if err := id.Require(); err != nil {
		return Manager{}, err
	}
	return Manager{id, domain.OperatorActor()}, nil
}

// IsZero reports whether m proves nothing.
func (m Manager) IsZero() bool { return m == Manager{} }

// Tenant returns the tenant whose members are managed.
func (m Manager) Tenant() domain.TenantID { return m.tenant }

// Actor returns the member or the operator as the author of a change.
func (m Manager) Actor() domain.Actor { return m.actor }

// Require returns nil, and a [domain.Forbidden] error if m is the zero Manager.
func (m Manager) Require() error {
	if m.IsZero() {
		return domain.Errorf(domain.Forbidden, "only a member of the tenant or the operator may %s", domain.ManageMembers)
	}
	return nil
}
