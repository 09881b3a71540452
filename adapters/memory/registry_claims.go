package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// claim is the right to become the first owner of a tenant.
type claim struct {
	tenant    domain.TenantID
	expiresAt time.Time
	by        domain.Identity // who redeemed it
}

var errClaimInvalid = &domain.Error{Kind: domain.Invalid, Code: domain.CodeClaimInvalid, Field: "claimToken", Message: "the claim token is unknown, spent or expired, or another tenant's"}

// Peek implements [ports.InvitationStore].
func (r *Registry) Peek(ctx context.Context, token domain.TokenHash) (domain.Invitation, error) {
	if err := r.Ready(ctx); err != nil {
		return domain.Invitation{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.claims[token]
	if c == nil || !c.open(clock(r.Now)) {
		return domain.Invitation{}, errClaimInvalid
	}
	return domain.Invitation{Tenant: c.tenant, Role: domain.RoleOwner, ExpiresAt: c.expiresAt}, nil
}

// Redeem implements [ports.InvitationStore].
func (r *Registry) Redeem(ctx context.Context, token domain.TokenHash, id domain.TenantID, who domain.Identity) (ports.TenantMembership, error) {
	if who.IsZero() {
		return ports.TenantMembership{}, errNoIdentity
	}
	if err := r.Ready(ctx); err != nil {
		return ports.TenantMembership{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.claims[token]
	if c == nil || !id.IsZero() && id != c.tenant {
		return ports.TenantMembership{}, errClaimInvalid
	}
	if now := clock(r.Now); c.open(now) {
		r.redeem(c, who, now)
	}
	membership, isMember := r.places[who][c.tenant]
	if c.by != who || !isMember {
		return ports.TenantMembership{}, errClaimInvalid
	}
	return ports.TenantMembership{Tenant: r.tenants[c.tenant].Tenant, Membership: membership}, nil
}

func (c *claim) open(now time.Time) bool { return c.by.IsZero() && now.Before(c.expiresAt) }

func (r *Registry) redeem(c *claim, who domain.Identity, now time.Time) {
	t := r.tenants[c.tenant] // an open claim's tenant is there
	t.Status, t.ClaimExpiresAt = domain.Active, time.Time{}
	r.place(domain.Membership{Tenant: c.tenant, Identity: who, Role: domain.RoleOwner, CreatedAt: now})
	c.by = who
}
