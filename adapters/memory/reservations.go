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
	network netip.Prefix // that it counts in; zero also if the operator made it
	counted bool

	imported *imported // of a tenant that is being imported; nil: it waits for its owner
}

// spentClaim is the result of a spent claim token.
type spentClaim struct {
	tenant domain.TenantID
	by     domain.Identity
}

var errClaimInvalid = domain.NewError(domain.CodeClaimInvalid)

// Reservations has the tenants' IDs that wait for an owner. It implements
// [ports.ReservationStore].
type Reservations struct{ db *DB }

var _ ports.ReservationStore = (*Reservations)(nil)

// Reservations returns the reservations.
func (db *DB) Reservations() *Reservations { return &Reservations{db} }

// Reserve implements [ports.ReservationStore].
func (s *Reservations) Reserve(ctx context.Context, n ports.ReservationRequest) (domain.Tenant, error) {
	if err := s.db.Ready(ctx); err != nil {
		return domain.Tenant{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	if s.db.taken(n.ID, now) {
		return domain.Tenant{}, errTenantExists
	}
	others, err := s.db.roomToReserve(n.Limits, now)
	if err != nil {
		return domain.Tenant{}, err
	}
	if !n.By.IsZero() {
		event, err := domain.NewTenantEvent(ctx, domain.EventTenantReserved, domain.Tenant{ID: n.ID, Name: n.Name}, domain.Identity{}, domain.Email{}, n.By)
		if err != nil {
			return domain.Tenant{}, err
		}
		s.db.record(event)
	}
	s.db.unreserve(n.ID)
	made := &reservation{
		Tenant: domain.Tenant{ID: n.ID, Name: n.Name, Status: domain.Unclaimed, CreatedAt: now, ClaimExpiresAt: now.Add(n.Life(others))},
		token:  n.Token,
	}
	if n.Limits != nil && len(n.Limits.Networks) > 0 {
		made.network, made.counted = ports.Narrowest(n.Limits.Networks), true
	}
	set(&s.db.reservations, n.ID, made)
	set(&s.db.tokens, n.Token, n.ID)
	return made.Tenant, nil
}

// reserved returns the reservation of the ID, or nil if there is none or it has
// expired.
func (db *DB) reserved(id domain.TenantID, now time.Time) *reservation {
	found := db.reservations[id]
	if found == nil || !now.Before(found.ClaimExpiresAt) {
		return nil
	}
	return found
}

func (db *DB) unreserve(id domain.TenantID) {
	if old := db.reservations[id]; old != nil {
		delete(db.tokens, old.token)
		delete(db.reservations, id)
	}
}

// Claim implements [ports.ReservationStore]. The database is not locked while the
// owner signs up.
func (s *Reservations) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.ClaimedTenant{}, err
	}
	if err := s.db.admit(ctx, c); err != nil {
		return ports.ClaimedTenant{}, err
	}
	if c.SignUp == nil {
		return s.db.claim(ctx, c, c.Owner, false)
	}
	held, err := s.db.hold(c)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	made := false
	defer func() {
		if held && !made {
			s.db.release(c.Token)
		}
	}()
	owner, err := c.SignUp(ctx)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	if err := s.db.Ready(context.WithoutCancel(ctx)); err != nil {
		return ports.ClaimedTenant{}, err
	}
	claimed, err := s.db.claim(ctx, c, owner, true)
	made = err == nil && !claimed.Replayed
	return claimed, err
}

// admit asks whether the ID that the claim's token opens may be given out, if it opens one.
// The database is not locked meanwhile.
func (db *DB) admit(ctx context.Context, c ports.Claim) error {
	db.mu.Lock()
	reserved := db.claimable(c, clock(db.Now))
	db.mu.Unlock()
	if reserved == nil || c.Admit == nil {
		return nil
	}
	return c.Admit(ctx, reserved.ID)
}

// hold counts a claim whose owner is about to sign up, and reports whether it was not
// counted before.
func (db *DB) hold(c ports.Claim) (first bool, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	now := clock(db.Now)
	reserved := db.claimable(c, now)
	if reserved == nil {
		return false, errClaimInvalid
	}
	_, again := db.makings[c.Token]
	if err := db.allowClaim(c, c.Owner, now); err != nil {
		return false, err
	}
	db.count(c.Limits, c.Token, now)
	reserved.ClaimExpiresAt = later(reserved.ClaimExpiresAt, now.Add(ports.SignUpPatience)) // it does not expire while the owner signs up
	return !again, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (db *DB) release(token domain.TokenHash) {
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.makings, token)
}

// claimable returns the reservation that the claim's token opens, or nil.
func (db *DB) claimable(c ports.Claim, now time.Time) *reservation {
	id, found := db.tokens[c.Token]
	if !found || !c.Tenant.IsZero() && c.Tenant != id {
		return nil
	}
	return db.reserved(id, now)
}

// claim creates the tenant. If held is true, it was counted before.
func (db *DB) claim(ctx context.Context, c ports.Claim, owner domain.Identity, held bool) (ports.ClaimedTenant, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	now := clock(db.Now)
	reserved := db.claimable(c, now)
	if reserved == nil {
		return db.repeat(c, owner)
	}
	limits := c
	if held {
		limits.Limits.Unconfirmed = nil
	}
	if err := db.allowClaim(limits, owner, now); err != nil {
		return ports.ClaimedTenant{}, err
	}
	event, err := domain.NewTenantEvent(ctx, domain.EventTenantClaimed, reserved.Tenant, owner, c.Email, c.By)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	db.record(event)
	db.count(c.Limits, c.Token, now)
	db.unreserve(reserved.ID)
	made := reserved.Tenant
	made.Status, made.ClaimExpiresAt = domain.Active, time.Time{}
	db.add(made, owner, c.Email, now)
	set(&db.spent, c.Token, spentClaim{made.ID, owner})
	return ports.ClaimedTenant{TenantMembership: ports.TenantMembership{Tenant: made, Membership: db.places[owner][made.ID]}}, nil
}

// repeat returns the same answer again to an owner who claimed before.
func (db *DB) repeat(c ports.Claim, owner domain.Identity) (ports.ClaimedTenant, error) {
	before, found := db.spent[c.Token]
	membership, isMember := db.places[owner][before.tenant]
	if !found || before.by != owner || !isMember || !c.Tenant.IsZero() && c.Tenant != before.tenant {
		return ports.ClaimedTenant{}, errClaimInvalid
	}
	return ports.ClaimedTenant{
		TenantMembership: ports.TenantMembership{Tenant: db.tenants[before.tenant].Tenant, Membership: membership},
		Replayed:         true,
	}, nil
}
