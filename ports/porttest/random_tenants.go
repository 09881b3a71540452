package porttest

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// modelTenant is a tenant in the model. An ID that none has is of no status.
type modelTenant struct {
	id    domain.TenantID
	token domain.TokenHash // of the claim

	status      domain.TenantStatus
	suspendedBy domain.Party
	deletedBy   domain.Party
	expired     bool // the time in which a deleted tenant can be restored is over
	lateObjects bool // the objects of a tenant that is gone are to be purged once more
	name        string
	maxRequests int
	claimedBy   domain.Identity
	members     map[domain.Identity]modelMember
	invitations map[domain.InvitationID]*modelInvitation
	events      int
}

func (t *modelTenant) begin(status domain.TenantStatus, owner domain.Identity) {
	t.status = status
	if !owner.IsZero() {
		t.members[owner] = modelMember{role: domain.RoleOwner, state: domain.MemberActive, ends: never}
	}
}

// opens reports whether the tenant is open to changes of its members by the actor.
func (t *modelTenant) opens(by domain.Actor) bool {
	return t.status == domain.Active || by.IsOperator() && t.status == domain.Suspended
}

func (w *world) create(t *modelTenant) call {
	owner := pick(w.rand, w.people).Identity
	return call{
		text: fmt.Sprintf("create %s for %s", t.id, w.named(domain.UserActor(owner))),
		do: func(ctx context.Context) (string, error) {
			created, err := w.Tenants.Create(ctx, ports.TenantCreation{ID: t.id, Name: "new", Owner: owner})
			return string(created.Tenant.Status), err
		},
		want: func() (string, domain.Code) {
			if t.status != "" {
				return "", domain.CodeTenantExists
			}
			t.name, t.events = "new", t.events+1
			t.begin(domain.Active, owner)
			return "active", ""
		},
	}
}

func (w *world) reserve(t *modelTenant) call {
	return call{
		text: fmt.Sprintf("reserve %s", t.id),
		do: func(ctx context.Context) (string, error) {
			reserved, err := w.Reservations.Reserve(ctx, ports.ReservationRequest{ID: t.id, Name: "reserved", Token: t.token, TTL: 24 * time.Hour})
			return string(reserved.Status), err
		},
		want: func() (string, domain.Code) {
			if t.status != "" {
				return "", domain.CodeTenantExists
			}
			t.name = "reserved"
			t.begin(domain.Unclaimed, domain.Identity{})
			return "unclaimed", ""
		},
	}
}

func (w *world) claim(t *modelTenant) call {
	owner := pick(w.rand, w.people).Identity
	return call{
		text: fmt.Sprintf("claim %s for %s", t.id, w.named(domain.UserActor(owner))),
		do: func(ctx context.Context) (string, error) {
			claimed, err := w.Reservations.Claim(ctx, ports.Claim{Token: t.token, Owner: owner})
			return string(claimed.Membership.Role), err
		},
		want: func() (string, domain.Code) {
			member, isMember := t.members[owner]
			switch {
			case t.status == domain.Unclaimed:
				t.claimedBy, t.events = owner, t.events+1
				t.begin(domain.Active, owner)
				return "owner", ""
			case t.claimedBy == owner && isMember:
				return string(member.role), ""
			}
			return "", domain.CodeClaimInvalid
		},
	}
}

func (w *world) changeTenant(t *modelTenant) call {
	by, change := w.actor(t), domain.TenantChange{Reason: "a reason"}
	change.Action = pick(w.rand, []domain.TenantAction{
		domain.SuspendTenant, domain.ResumeTenant, domain.ResumeTenant, domain.DeleteTenant, domain.RestoreTenant, domain.RestoreTenant, domain.PurgeTenant, domain.EditTenant,
		domain.LimitTenant,
	})
	switch change.Action {
	case domain.DeleteTenant:
		change.Grace = pick(w.rand, []time.Duration{0, 24 * time.Hour, 24 * time.Hour})
	case domain.EditTenant:
		name := pick(w.rand, []string{"new", "newer", "newest"})
		change.Name = &name
	case domain.LimitTenant:
		most := w.rand.IntN(3)
		change.Limits.MaxRequests = &most
	}
	return call{
		text: fmt.Sprintf("%s %s by %s", change.Action, t.id, w.named(by)),
		do: func(ctx context.Context) (string, error) {
			changed, err := w.Lifecycle.Change(ctx, ports.TenantChange{Tenant: t.id, By: by, TenantChange: change})
			return fmt.Sprintf("%s %s %d", changed.Status, changed.Name, changed.Limits.MaxRequests), err
		},
		want: func() (string, domain.Code) {
			before := *t
			if code := t.apply(by, change); code != "" {
				return "", code
			}
			if t.status != before.status || t.suspendedBy != before.suspendedBy || t.deletedBy != before.deletedBy || t.name != before.name || t.maxRequests != before.maxRequests {
				t.events++
			}
			return fmt.Sprintf("%s %s %d", t.status, t.name, t.maxRequests), ""
		},
	}
}

// apply makes a change of the tenant by the table of its states.
func (t *modelTenant) apply(by domain.Actor, change domain.TenantChange) domain.Code {
	party := domain.ByOwner
	if by.IsOperator() {
		party = domain.ByOperator
	}
	if !t.isSteward(by) {
		return domain.CodeTenantNotFound
	}
	switch change.Action {
	case domain.PurgeTenant:
		return t.applyPurge(party)
	case domain.RestoreTenant:
		return t.applyRestore(party)
	case domain.LimitTenant:
		return t.applyLimit(party, *change.Limits.MaxRequests)
	}
	ends := t.status == domain.Purging || t.status == domain.Gone
	if ends || t.status == domain.Deleted && change.Action != domain.DeleteTenant {
		return domain.CodeTenantState
	}
	switch change.Action {
	case domain.SuspendTenant:
		if t.status == domain.Active || party == domain.ByOperator {
			t.status, t.suspendedBy = domain.Suspended, party
		}
	case domain.ResumeTenant:
		if party == domain.ByOwner && t.suspendedBy == domain.ByOperator {
			return domain.CodeHeldByOperator
		}
		t.status, t.suspendedBy = domain.Active, ""
	case domain.DeleteTenant:
		if t.status != domain.Deleted {
			t.expired = change.Grace == 0
		}
		if t.status != domain.Deleted || party == domain.ByOperator {
			t.status, t.deletedBy = domain.Deleted, party
		}
	case domain.EditTenant:
		t.name = *change.Name
	}
	return ""
}

// isSteward reports whether the tenant has a record that the actor may change.
func (t *modelTenant) isSteward(by domain.Actor) bool {
	if by.IsOperator() {
		return t.status != "" && t.status != domain.Unclaimed
	}
	owner := t.members[by.Identity]
	seen := t.status == domain.Active || t.status == domain.Suspended || t.status == domain.Deleted
	return seen && owner.role == domain.RoleOwner && owner.admits()
}

func (t *modelTenant) applyPurge(party domain.Party) domain.Code {
	switch {
	case party == domain.ByOwner:
		return forbidden
	case t.status != domain.Deleted && t.status != domain.Purging:
		return domain.CodeTenantState
	}
	t.status = domain.Purging
	return ""
}

func (t *modelTenant) applyLimit(party domain.Party, maxRequests int) domain.Code {
	switch {
	case party == domain.ByOwner:
		return forbidden
	case t.status != domain.Active && t.status != domain.Suspended:
		return domain.CodeTenantState
	}
	t.maxRequests = maxRequests
	return ""
}

func (t *modelTenant) applyRestore(party domain.Party) domain.Code {
	switch {
	case t.status == domain.Active || t.status == domain.Suspended:
		return ""
	case t.status != domain.Deleted:
		return domain.CodeTenantState
	case party == domain.ByOwner && t.deletedBy == domain.ByOperator:
		return domain.CodeHeldByOperator
	case t.expired:
		return domain.CodeTenantState
	}
	t.status, t.deletedBy = domain.Active, ""
	if t.suspendedBy != "" {
		t.status = domain.Suspended
	}
	return ""
}

// strange is a call of a person of this world for a tenant of another, to whom it is as
// an unknown one.
func (w *world) strange() call {
	by, other := domain.UserActor(pick(w.rand, w.people).Identity), pick(w.rand, w.people).Identity
	role := domain.RoleOwner
	return call{
		text: fmt.Sprintf("%s changes a tenant of another world", w.named(by)),
		do: func(ctx context.Context) (string, error) {
			_, err := w.Changer.Change(ctx, ports.MemberChange{Tenant: w.foreign, Member: other, By: by, MembershipChange: domain.MembershipChange{Role: &role}})
			return "", err
		},
		want: func() (string, domain.Code) { return "", domain.CodeTenantNotFound },
	}
}
