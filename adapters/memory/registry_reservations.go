package memory

import (
	"context"
	"net/netip"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// reservation is an ID that waits for the first owner of its tenant.
type reservation struct {
	domain.Tenant
	token   domain.TokenHash
	network netip.Prefix // that it counts in; zero also where the operator made it
	counted bool
}

// spentClaim is what came of a claim token.
type spentClaim struct {
	tenant domain.TenantID
	by     domain.Identity
}

var errClaimInvalid = domain.NewError(domain.CodeClaimInvalid)

// Reserve implements [ports.ReservationStore].
func (r *Registry) Reserve(ctx context.Context, n ports.NewReservation) (domain.Tenant, error) {
	switch {
	case n.ID.IsZero():
		return domain.Tenant{}, errNoTenant
	case n.Token == domain.TokenHash{}:
		return domain.Tenant{}, domain.Invalidf("claimToken", "a reservation has a claim token")
	}
	if err := r.Ready(ctx); err != nil {
		return domain.Tenant{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	if r.taken(n.ID, now) {
		return domain.Tenant{}, errTenantExists
	}
	others, err := r.roomToReserve(n.Limits, now)
	if err != nil {
		return domain.Tenant{}, err
	}
	r.unreserve(n.ID)
	made := &reservation{
		Tenant: domain.Tenant{ID: n.ID, Name: n.Name, Status: domain.Unclaimed, CreatedAt: now, ClaimExpiresAt: now.Add(n.Life(others))},
		token:  n.Token,
	}
	if n.Limits != nil && len(n.Limits.Networks) > 0 {
		made.network, made.counted = ports.Narrowest(n.Limits.Networks), true
	}
	set(&r.reservations, n.ID, made)
	set(&r.tokens, n.Token, n.ID)
	return made.Tenant, nil
}

// reserved returns the reservation of the ID, or nil where there is none or it has
// expired.
func (r *Registry) reserved(id domain.TenantID, now time.Time) *reservation {
	found := r.reservations[id]
	if found == nil || !now.Before(found.ClaimExpiresAt) {
		return nil
	}
	return found
}

func (r *Registry) unreserve(id domain.TenantID) {
	if old := r.reservations[id]; old != nil {
		delete(r.tokens, old.token)
		delete(r.reservations, id)
	}
}

// Claim implements [ports.ReservationStore]. The registry isn't locked while the
// owner signs up.
func (r *Registry) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if c.Owner.IsZero() == (c.SignUp == nil) {
		return ports.ClaimedTenant{}, domain.Invalidf("sub", "a claim has either an owner or a sign-up")
	}
	if err := r.Ready(ctx); err != nil {
		return ports.ClaimedTenant{}, err
	}
	if c.SignUp == nil {
		return r.claim(c, c.Owner, false)
	}
	held, err := r.hold(c)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	made := false
	defer func() {
		if held && !made {
			r.release(c.Token)
		}
	}()
	owner, err := c.SignUp(ctx)
	if err == nil && owner.IsZero() {
		err = errNoIdentity
	}
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	if err := r.Ready(context.WithoutCancel(ctx)); err != nil {
		return ports.ClaimedTenant{}, err
	}
	claimed, err := r.claim(c, owner, true)
	made = err == nil && !claimed.Replayed
	return claimed, err
}

// hold counts a claim whose owner is going to sign up, and reports whether it
// wasn't counted before.
func (r *Registry) hold(c ports.Claim) (first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	reserved := r.claimable(c, now)
	if reserved == nil {
		return false, errClaimInvalid
	}
	_, again := r.makings[c.Token]
	if err := r.allowClaim(c, c.Owner, now); err != nil {
		return false, err
	}
	r.count(c.Limits, c.Token, now)
	reserved.ClaimExpiresAt = later(reserved.ClaimExpiresAt, now.Add(signUpPatience)) // it doesn't expire while the owner signs up
	return !again, nil
}

// signUpPatience is how long a reservation stays while its owner signs up.
const signUpPatience = 60 * time.Second

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *Registry) release(token domain.TokenHash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.makings, token)
}

// claimable returns the reservation that the claim's token opens, or nil.
func (r *Registry) claimable(c ports.Claim, now time.Time) *reservation {
	id, found := r.tokens[c.Token]
	if !found || !c.Tenant.IsZero() && c.Tenant != id {
		return nil
	}
	return r.reserved(id, now)
}

// claim makes the tenant. Where it was held, it was counted.
func (r *Registry) claim(c ports.Claim, owner domain.Identity, held bool) (ports.ClaimedTenant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	reserved := r.claimable(c, now)
	if reserved == nil {
		return r.repeat(c, owner)
	}
	limits := c
	if held {
		limits.Limits.Unconfirmed = nil
	}
	if err := r.allowClaim(limits, owner, now); err != nil {
		return ports.ClaimedTenant{}, err
	}
	r.count(c.Limits, c.Token, now)
	r.unreserve(reserved.ID)
	made := reserved.Tenant
	made.Status, made.ClaimExpiresAt = domain.Active, time.Time{}
	r.add(made, owner, now)
	set(&r.spent, c.Token, spentClaim{made.ID, owner})
	return ports.ClaimedTenant{TenantMembership: ports.TenantMembership{Tenant: made, Membership: r.places[owner][made.ID]}}, nil
}

// repeat gives an owner who claimed before the same answer again.
func (r *Registry) repeat(c ports.Claim, owner domain.Identity) (ports.ClaimedTenant, error) {
	before, found := r.spent[c.Token]
	membership, isMember := r.places[owner][before.tenant]
	if !found || before.by != owner || !isMember || !c.Tenant.IsZero() && c.Tenant != before.tenant {
		return ports.ClaimedTenant{}, errClaimInvalid
	}
	return ports.ClaimedTenant{
		TenantMembership: ports.TenantMembership{Tenant: *r.tenants[before.tenant], Membership: membership},
		Replayed:         true,
	}, nil
}
