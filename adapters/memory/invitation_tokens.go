package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Issue implements [ports.InvitationTokens].
func (s *Invitations) Issue(ctx context.Context, issue ports.TokenIssue) (ports.InvitationOffer, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.InvitationOffer{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now, found := clock(s.db.Now), s.db.invitations[issue.ID]
	if found == nil || found.Tenant != issue.Tenant || found.Generation != issue.Generation ||
		!found.ByMail() || found.at(now).State != domain.InvitationOpen || !s.db.tenants[found.Tenant].Status.AcceptsMembers() {
		return ports.InvitationOffer{}, domain.NewError(domain.CodeInvitationNotFound)
	}
	found.give(issue.Token)
	return s.db.offer(found), nil
}

// offer returns an open invitation with what its recipient is shown.
func (db *DB) offer(i *invitation) ports.InvitationOffer {
	return ports.InvitationOffer{
		Invitation: i.Invitation,
		TenantName: db.tenants[i.Tenant].Name,
		Inviter:    db.places[i.CreatedBy.Identity][i.Tenant].Email,
	}
}

// Peek implements [ports.InvitationTokens].
func (s *Invitations) Peek(ctx context.Context, token domain.TokenHash) (ports.InvitationOffer, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.InvitationOffer{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	found := s.db.invitationOf(token)
	if found == nil || found.at(clock(s.db.Now)).State != domain.InvitationOpen {
		return ports.InvitationOffer{}, domain.NewError(domain.CodeInvitationInvalid)
	}
	return s.db.offer(found), nil
}

// invitationOf returns the invitation whose last token this is, if its tenant serves
// members, and nil otherwise.
func (db *DB) invitationOf(token domain.TokenHash) *invitation {
	for _, i := range db.invitations {
		if i.hasToken && i.token == token {
			if db.tenants[i.Tenant].Status.ServesMembers() {
				return i
			}
			return nil
		}
	}
	return nil
}

// Accept implements [ports.InvitationTokens].
func (s *Invitations) Accept(ctx context.Context, a ports.InvitationAcceptance) (ports.AcceptedInvitation, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now, found := clock(s.db.Now), s.db.invitationOf(a.Token)
	if found == nil {
		return ports.AcceptedInvitation{}, domain.NewError(domain.CodeInvitationInvalid)
	}
	from := s.db.places[a.Identity][found.Tenant]
	if found.at(now).State != domain.InvitationOpen {
		again, err := found.AcceptAgain(from, a.Identity, now)
		return s.db.accepted(again, true, err)
	}
	to, err := s.db.accept(ctx, found, from, a, now)
	return s.db.accepted(to, false, err)
}

// accept spends the invitation's token.
func (db *DB) accept(ctx context.Context, found *invitation, from domain.Membership, a ports.InvitationAcceptance, now time.Time) (domain.Membership, error) {
	to, err := found.Accept(from, a.Identity, a.Email, now)
	if err != nil {
		return domain.Membership{}, err
	}
	event, err := domain.NewInvitationAcceptedEvent(ctx, found.Invitation, from, to)
	if err != nil {
		return domain.Membership{}, err
	}
	db.record(event)
	db.place(to)
	found.State, found.AcceptedBy = domain.InvitationAccepted, a.Identity
	return to, nil
}

func (db *DB) accepted(m domain.Membership, replayed bool, err error) (ports.AcceptedInvitation, error) {
	if err != nil {
		return ports.AcceptedInvitation{}, err
	}
	return ports.AcceptedInvitation{
		TenantMembership: ports.TenantMembership{Tenant: db.tenants[m.Tenant].Tenant, Membership: m},
		Replayed:         replayed,
	}, nil
}
