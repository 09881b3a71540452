package memory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Invitations has the invitations of all tenants. It implements
// [ports.InvitationStore] and [ports.InvitationTokens].
type Invitations struct{ db *DB }

var (
	_ ports.InvitationStore  = (*Invitations)(nil)
	_ ports.InvitationTokens = (*Invitations)(nil)
)

// Invitations returns the invitations of all tenants.
func (db *DB) Invitations() *Invitations { return &Invitations{db} }

// invitation is a stored invitation. Its State is never [domain.InvitationExpired].
type invitation struct {
	domain.Invitation
	token    domain.TokenHash
	hasToken bool
}

// at returns the invitation as it is at the time.
func (i *invitation) at(now time.Time) domain.Invitation {
	read := i.Invitation
	if read.State == domain.InvitationOpen && !now.Before(read.ExpiresAt) {
		read.State = domain.InvitationExpired
	}
	return read
}

// give makes the token the only one that is good for the invitation.
func (i *invitation) give(token domain.TokenHash) { i.token, i.hasToken = token, true }

// renew gives the invitation its next life. One by link gets the token; one by mail
// has none until its mail is sent.
func (i *invitation) renew(token domain.TokenHash, now time.Time) {
	i.State, i.Generation = domain.InvitationOpen, i.Generation+1
	i.ExpiresAt = now.Add(i.Life).Truncate(time.Microsecond)
	i.token, i.hasToken = token, !i.ByMail()
}

// Create implements [ports.InvitationStore].
func (s *Invitations) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.CreatedInvitation{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	if err := s.db.checkInviting(r.Tenant, r.By, r.Role, now); err != nil {
		return ports.CreatedInvitation{}, err
	}
	if first, replayed, err := replay[domain.Invitation](s.db, r.Idempotency, now); replayed || err != nil {
		return ports.CreatedInvitation{Invitation: first, Replayed: replayed}, err
	}
	created, err := s.db.invite(ctx, r, now)
	if err != nil {
		return ports.CreatedInvitation{}, err
	}
	s.db.keepAnswer(r.Idempotency, r.Tenant, created, now)
	return ports.CreatedInvitation{Invitation: created}, nil
}

// invite keeps an invitation, and revokes the one that it replaces.
func (db *DB) invite(ctx context.Context, r ports.InvitationRequest, now time.Time) (domain.Invitation, error) {
	before, err := db.replaced(r, now)
	if err != nil {
		return domain.Invitation{}, err
	}
	created := &invitation{Invitation: domain.Invitation{
		ID: r.ID, Tenant: r.Tenant, Email: r.Email, Role: r.Role, CreatedBy: r.By, CreatedAt: now, Life: r.Life,
	}}
	created.renew(r.Token, now)
	if err := db.roomToInvite(created, before, now); err != nil {
		return domain.Invitation{}, err
	}
	var replaced domain.InvitationID
	if before != nil {
		replaced = before.ID
	}
	event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationCreated, r.By, created.Invitation, replaced)
	if err != nil {
		return domain.Invitation{}, err
	}
	db.record(event)
	if before != nil {
		before.State = domain.InvitationRevoked
	}
	db.countMail(created, now)
	set(&db.invitations, r.ID, created)
	return created.Invitation, nil
}

// checkInviting refuses an invitation that the actor may not send.
func (db *DB) checkInviting(id domain.TenantID, by domain.Actor, role domain.Role, now time.Time) error {
	if err := db.checkOpen(id, by); err != nil || by.IsOperator() {
		return err
	}
	return domain.CheckInviting(db.admitted(by.Identity, id, now), role)
}

// replaced returns the invitation that an invitation to its address replaces, or nil.
func (db *DB) replaced(r ports.InvitationRequest, now time.Time) (*invitation, error) {
	if r.Email.IsZero() {
		return nil, nil
	}
	for _, i := range db.invitations {
		if i.Tenant != r.Tenant || !i.Email.Equal(r.Email) || !i.State.MayBeResent() {
			continue
		}
		if i.at(now).State == domain.InvitationOpen && !r.By.IsOperator() {
			return i, domain.CheckInvitation(db.admitted(r.By.Identity, r.Tenant, now), i.Role)
		}
		return i, nil
	}
	return nil, nil
}

// Resend implements [ports.InvitationStore].
func (s *Invitations) Resend(ctx context.Context, c ports.InvitationChange) (domain.Invitation, error) {
	if err := s.db.Ready(ctx); err != nil {
		return domain.Invitation{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	found, err := s.db.changeable(c, domain.CheckInviting, now)
	if err != nil {
		return domain.Invitation{}, err
	}
	resent := *found
	resent.renew(c.Token, now)
	if err := s.db.roomToInvite(&resent, found, now); err != nil {
		return domain.Invitation{}, err
	}
	event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationResent, c.By, resent.Invitation, domain.InvitationID{})
	if err != nil {
		return domain.Invitation{}, err
	}
	s.db.record(event)
	s.db.countMail(&resent, now)
	*found = resent
	return found.Invitation, nil
}

// Revoke implements [ports.InvitationStore].
func (s *Invitations) Revoke(ctx context.Context, c ports.InvitationChange) error {
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	found, err := s.db.changeable(c, domain.CheckInvitation, clock(s.db.Now))
	if err != nil {
		return err
	}
	event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationRevoked, c.By, found.Invitation, domain.InvitationID{})
	if err != nil {
		return err
	}
	s.db.record(event)
	found.State = domain.InvitationRevoked
	return nil
}

// changeable returns the invitation if the actor may change it by the rule check.
func (db *DB) changeable(c ports.InvitationChange, check func(domain.Membership, domain.Role) error, now time.Time) (*invitation, error) {
	if err := db.checkOpen(c.Tenant, c.By); err != nil {
		return nil, err
	}
	by := db.admitted(c.By.Identity, c.Tenant, now)
	if !c.By.IsOperator() {
		if err := check(by, ""); err != nil {
			return nil, err
		}
	}
	found := db.invitations[c.ID]
	if found == nil || found.Tenant != c.Tenant || !found.State.MayBeResent() {
		return nil, domain.NewError(domain.CodeInvitationNotFound)
	}
	if c.By.IsOperator() {
		return found, nil
	}
	return found, check(by, found.Role)
}

// Find implements [ports.InvitationStore].
func (s *Invitations) Find(ctx context.Context, tenant domain.TenantID, id domain.InvitationID) (domain.Invitation, error) {
	if err := s.db.Ready(ctx); err != nil {
		return domain.Invitation{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	found := s.db.invitations[id]
	if found == nil || found.Tenant != tenant {
		return domain.Invitation{}, domain.NewError(domain.CodeInvitationNotFound)
	}
	return found.at(clock(s.db.Now)), nil
}

// List implements [ports.InvitationStore].
func (s *Invitations) List(ctx context.Context, q ports.InvitationQuery) ([]domain.Invitation, error) {
	if err := s.db.Ready(ctx); err != nil {
		return nil, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	var page []domain.Invitation
	for _, stored := range s.db.invitations {
		i := stored.at(now)
		if i.Tenant == q.Tenant && i.State == q.State && (q.After.IsZero() || i.ID.String() < q.After.String()) {
			page = append(page, i)
		}
	}
	if len(page) == 0 && !s.db.listsMembers(q.Tenant) {
		return nil, errTenantNotFound
	}
	slices.SortFunc(page, func(a, b domain.Invitation) int { return strings.Compare(b.ID.String(), a.ID.String()) })
	return page[:min(max(q.Limit, 0), len(page))], nil
}
