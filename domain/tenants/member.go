package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// Member is a proven fact: this identity belongs to this active tenant in this
// role. Only [Service.Admit] and [Service.AdmitSole] build one. The zero Member
// may do nothing.
type Member struct {
	tenant   domain.TenantID
	identity domain.Identity
	role     domain.Role
}

// Tenant returns the tenant that the member was admitted to.
func (m Member) Tenant() domain.TenantID { return m.tenant }

// Identity returns who the member is.
func (m Member) Identity() domain.Identity { return m.identity }

// Role returns the member's role when they were admitted.
func (m Member) Role() domain.Role { return m.role }

// Require returns nil if the member's role allows p, and a [domain.Forbidden] error if not.
func (m Member) Require(p domain.Permission) error {
	if (m == Member{}) {
		return &domain.Error{Kind: domain.Forbidden, Message: "only a member of the tenant may " + string(p)}
	}
	return m.role.Require(p)
}

// Admit proves that who is a member of tenant id. Unknown, suspended and foreign
// tenants are one and the same [domain.CodeTenantNotFound].
func (s *Service) Admit(ctx context.Context, who domain.Identity, id domain.TenantID) (Member, error) {
	tenant, membership, err := s.Members.Find(ctx, who, id)
	if err != nil {
		return Member{}, concealed(err)
	}
	if tenant.Status != domain.Active {
		return Member{}, errNoSuchTenant
	}
	return Member{tenant.ID, membership.Identity, membership.Role}, nil
}

// AdmitSole admits who to the one tenant they are a member of. Who has several,
// or none, gets [domain.CodeTenantRequired].
func (s *Service) AdmitSole(ctx context.Context, who domain.Identity) (Member, error) {
	found, err := s.Members.Memberships(ctx, who, 2)
	if err != nil {
		return Member{}, err
	}
	if len(found) != 1 {
		return Member{}, domain.NewError(domain.CodeTenantRequired)
	}
	membership := found[0].Membership
	return Member{membership.Tenant, membership.Identity, membership.Role}, nil
}
