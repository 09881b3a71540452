package access

import "github.com/partywall-go/partywall/domain"

// Member is a proof that an identity belongs to an active tenant in a role. Only
// [Service.Admit] and [Service.AdmitSole] build one. The zero Member may do nothing.
//
// A Member is for the request that it was admitted for, and for the installation that
// admitted it, because its membership is not looked up again. A job that lasts longer is a
// [Worker].
type Member struct {
	tenant   domain.TenantID
	identity domain.Identity
	role     domain.Role
	settings domain.Settings

	permissions *domain.Permissions // the product's own
}

// Tenant returns the tenant that the member was admitted to.
func (m Member) Tenant() domain.TenantID { return m.tenant }

// Identity returns the member's identity.
func (m Member) Identity() domain.Identity { return m.identity }

// Role returns the member's role at the time of the admission.
func (m Member) Role() domain.Role { return m.role }

// Settings returns the tenant's settings at the time of the admission. They are empty
// unless the store of the [Service] reads them.
func (m Member) Settings() domain.Settings { return m.settings }

// IsZero reports whether m proves nothing.
func (m Member) IsZero() bool { return m == Member{} }

// May reports whether the member's role allows p, a permission of Partywall's or of the
// product's own.
func (m Member) May(p domain.Permission) bool {
	return m.role.May(p) || m.permissions.Allow(m.role, p)
}

// Require returns nil if [Member.May] allows p, and a [domain.Forbidden] error if not.
func (m Member) Require(p domain.Permission) error {
	if m.IsZero() {
		return domain.Errorf(domain.Forbidden, "only a member of the tenant may %s", p)
	}
	if m.May(p) {
		return nil
	}
	return m.role.Require(p)
}
