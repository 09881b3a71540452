package porttest

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Invitations are the ports of invitations, both of which one adapter implements.
type Invitations interface {
	ports.InvitationStore
	ports.InvitationTokens
}

// InvitationStore runs the contract of [ports.InvitationStore].
func InvitationStore(t *testing.T, open func(t *testing.T) Tenancy) {
	createInvitations(t, open)
	followRulesOfInvitations(t, open)
	endInvitations(t, open)
	listInvitations(t, open)
	limitInvitations(t, open)
	recordInvitations(t, open)
	t.Run("by an idempotency key", func(t *testing.T) {
		Idempotency(t, func(t *testing.T) Creating { return invitingUnderKeys(t, open) })
	})
	heedContext(t, func(ctx context.Context) error {
		x := openTeam(t, open)
		_, err := x.Invitations.Create(ctx, x.request(domain.RoleViewer))
		return err
	})
}

// invitingUnderKeys sends requests for invitations, of which one to the role of an
// owner is refused.
func invitingUnderKeys(t *testing.T, open func(t *testing.T) Tenancy) Creating {
	x := openTeam(t, open)
	admin := domain.UserActor(x.join(t, domain.RoleAdmin))
	send := func(role domain.Role, key *ports.Idempotency) (string, bool, error) {
		r := x.request(role)
		r.By, r.Idempotency = admin, key
		created, err := x.Invitations.Create(t.Context(), r)
		return created.ID.String() + created.ExpiresAt.String() + string(created.Role) + created.CreatedBy.Identity.String(), created.Replayed, err
	}
	return Creating{
		By: admin, Tenant: x.ID,
		Send:   func(key *ports.Idempotency) (string, bool, error) { return send(domain.RoleViewer, key) },
		Refuse: func(key *ports.Idempotency) error { _, _, err := send(domain.RoleOwner, key); return err },
		Count:  func(t *testing.T) int { return len(x.invitations(t, domain.InvitationOpen)) },
	}
}

// request returns a request of the owner for an invitation by link.
func (x team) request(role domain.Role) ports.InvitationRequest {
	return ports.InvitationRequest{
		ID: domain.NewInvitationID(time.Now()), Tenant: x.ID, Role: role, Life: time.Hour, By: domain.UserActor(x.Owner), Token: newHash(),
	}
}

// mailRequest returns a request of the owner for an invitation by mail.
func (x team) mailRequest(role domain.Role, to domain.Email) ports.InvitationRequest {
	r := x.request(role)
	r.Email = to
	return r
}

func (x team) invite(t *testing.T, r ports.InvitationRequest) domain.Invitation {
	t.Helper()
	created, err := x.Invitations.Create(t.Context(), r)
	mustDo(t, err)
	return created.Invitation
}

func (x team) resend(t *testing.T, by domain.Actor, i domain.Invitation, token domain.TokenHash) (domain.Invitation, error) {
	t.Helper()
	return x.Invitations.Resend(t.Context(), ports.InvitationChange{ID: i.ID, Tenant: x.ID, By: by, Token: token})
}

func (x team) revoke(t *testing.T, by domain.Actor, i domain.Invitation) error {
	t.Helper()
	return x.Invitations.Revoke(t.Context(), ports.InvitationChange{ID: i.ID, Tenant: x.ID, By: by})
}

// invitations returns the invitations of the state.
func (x team) invitations(t *testing.T, state domain.InvitationState) []domain.Invitation {
	t.Helper()
	found, err := x.Invitations.List(t.Context(), ports.InvitationQuery{Tenant: x.ID, State: state, Limit: 1000})
	mustDo(t, err)
	return found
}

func (x team) mustBeInState(t *testing.T, i domain.Invitation, want domain.InvitationState) {
	t.Helper()
	found, err := x.Invitations.Find(t.Context(), x.ID, i.ID)
	mustDo(t, err)
	if found.State != want {
		t.Errorf("the invitation is %s, want %s", found.State, want)
	}
}

func createInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an invitation is returned as it is stored", func(t *testing.T) {
		x, to := openTeam(t, open), newEmail(t)
		for _, r := range []ports.InvitationRequest{x.request(domain.RoleOwner), x.mailRequest(domain.RoleViewer, to)} {
			created := x.invite(t, r)
			want := domain.Invitation{
				ID: r.ID, Tenant: x.ID, Email: r.Email, Role: r.Role, CreatedBy: r.By, CreatedAt: created.CreatedAt, Life: r.Life,
				ExpiresAt: created.ExpiresAt, State: domain.InvitationOpen, Generation: 1,
			}
			found, err := x.Invitations.Find(t.Context(), x.ID, r.ID)
			mustDo(t, err)
			if !sameInvitation(created, want) || !sameInvitation(found, want) {
				t.Errorf("created %+v, found %+v, want %+v", created, found, want)
			}
			mustBeRecent(t, created.CreatedAt)
			mustBeNear(t, created.ExpiresAt, time.Now().Add(time.Hour))
		}
	})
	t.Run("an invitation of another tenant is not found", func(t *testing.T) {
		x := openTeam(t, open)
		y, i := x.another(t), x.invite(t, x.request(domain.RoleViewer))
		for _, err := range []error{
			second(x.Invitations.Find(t.Context(), y.ID, i.ID)),
			second(y.resend(t, domain.UserActor(y.Owner), i, newHash())),
			y.revoke(t, domain.UserActor(y.Owner), i),
			y.revoke(t, domain.OperatorActor(), i),
			second(x.Invitations.Find(t.Context(), x.ID, domain.NewInvitationID(time.Now()))),
		} {
			mustBe(t, err, domain.CodeInvitationNotFound)
		}
		x.mustBeInState(t, i, domain.InvitationOpen)
	})
	t.Run("an invitation to the same address replaces the one before", func(t *testing.T) {
		x, forms := openTeam(t, open), twoForms(t)
		first := x.invite(t, x.mailRequest(domain.RoleViewer, forms[0]))
		token := x.issue(t, first)
		again := x.invite(t, x.mailRequest(domain.RoleAdmin, forms[1]))
		x.mustBeInState(t, first, domain.InvitationRevoked)
		mustBe(t, second(x.Invitations.Peek(t.Context(), token)), domain.CodeInvitationInvalid)
		if got := x.invitations(t, domain.InvitationOpen); len(got) != 1 || got[0].ID != again.ID || got[0].Email != forms[1] {
			t.Errorf("open are %+v", got)
		}
		if events := x.events(t, x.ID); len(events) != 3 || data(t, events[2]).Replaces != first.ID.String() {
			t.Errorf("got %+v", events)
		}
		y := x.another(t)
		y.invite(t, y.mailRequest(domain.RoleViewer, forms[0]))
		x.mustBeInState(t, again, domain.InvitationOpen)
	})
	t.Run("an invitation that has expired is replaced, too", func(t *testing.T) {
		x, to := openTeam(t, open), newEmail(t)
		short := x.mailRequest(domain.RoleOwner, to)
		short.Life = soon
		old := x.invite(t, short)
		time.Sleep(past)
		x.mustBeInState(t, old, domain.InvitationExpired)
		r := x.mailRequest(domain.RoleViewer, to)
		r.By = domain.UserActor(x.join(t, domain.RoleAdmin)) // whose role is below that of the old one
		x.invite(t, r)
		x.mustBeInState(t, old, domain.InvitationRevoked)
	})
}

func second[T any](_ T, err error) error { return err }

func data(t *testing.T, e domain.Event) (d domain.InvitationEventData) {
	t.Helper()
	mustDo(t, e.Decode(&d))
	return d
}

func sameInvitation(a, b domain.Invitation) bool {
	same := a.CreatedAt.Equal(b.CreatedAt) && a.ExpiresAt.Equal(b.ExpiresAt)
	a.CreatedAt, a.ExpiresAt = b.CreatedAt, b.ExpiresAt
	return same && a == b
}

func followRulesOfInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a member invites, resends and revokes up to their own role, and managers alone do", func(t *testing.T) {
		x := openTeam(t, open)
		for _, byRole := range allRoles {
			by := x.join(t, byRole)
			for _, role := range allRoles[:4] {
				i := x.invite(t, x.request(role))
				r := x.request(role)
				r.By = domain.UserActor(by)
				want := domain.CheckInvitation(x.membership(t, by), role)
				for task, err := range map[string]error{
					"invite": second(x.Invitations.Create(t.Context(), r)),
					"resend": second(x.resend(t, r.By, i, newHash())),
					"revoke": x.revoke(t, r.By, i),
				} {
					if domain.CodeOf(err) != domain.CodeOf(want) {
						t.Errorf("%s by %q to %s: %v, want %v", task, byRole, role, err, want)
					}
				}
			}
			for _, i := range x.invitations(t, domain.InvitationOpen) { // there is room for 100
				mustDo(t, x.revoke(t, domain.OperatorActor(), i))
			}
		}
	})
	t.Run("a member does not replace an invitation to a role above their own", func(t *testing.T) {
		x, to := openTeam(t, open), newEmail(t)
		i := x.invite(t, x.mailRequest(domain.RoleOwner, to))
		r := x.mailRequest(domain.RoleViewer, to)
		r.By = domain.UserActor(x.join(t, domain.RoleAdmin))
		mustBe(t, second(x.Invitations.Create(t.Context(), r)), domain.CodeRoleTooLow)
		x.mustBeInState(t, i, domain.InvitationOpen)
	})
	t.Run("a member whose membership expires revokes, but does not invite or resend", func(t *testing.T) {
		x, support := openTeam(t, open), newIdentity(t)
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: support, Role: domain.RoleAdmin, ExpiresAt: time.Now().Add(time.Hour)})
		mustDo(t, err)
		i, r := x.invite(t, x.request(domain.RoleViewer)), x.request(domain.RoleViewer)
		r.By = domain.UserActor(support)
		mustBe(t, second(x.Invitations.Create(t.Context(), r)), domain.CodeExpiryTooLate)
		mustBe(t, second(x.resend(t, r.By, i, newHash())), domain.CodeExpiryTooLate)
		mustDo(t, x.revoke(t, r.By, i))
	})
	t.Run("a suspended tenant takes invitations of the operator alone, and a deleted one none", func(t *testing.T) {
		x := openTeam(t, open)
		x.Suspend(t, x.ID)
		mustBe(t, second(x.Invitations.Create(t.Context(), x.request(domain.RoleViewer))), domain.CodeTenantNotFound)
		r := x.request(domain.RoleOwner)
		r.By = domain.OperatorActor()
		i := x.invite(t, r)
		x.mustChange(t, operator, remove)
		r.ID, r.Token = domain.NewInvitationID(time.Now()), newHash()
		mustBe(t, second(x.Invitations.Create(t.Context(), r)), domain.CodeTenantNotFound)
		mustBe(t, second(x.resend(t, r.By, i, newHash())), domain.CodeTenantNotFound)
		mustBe(t, x.revoke(t, r.By, i), domain.CodeTenantNotFound)
		x.mustBeInState(t, i, domain.InvitationOpen)
		absent := x
		absent.ID = newTenantID(t, "absent")
		r = absent.request(domain.RoleViewer)
		r.By = domain.OperatorActor()
		mustBe(t, second(x.Invitations.Create(t.Context(), r)), domain.CodeTenantNotFound)
	})
}

func endInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("resending ends the token, and an expired invitation lives anew", func(t *testing.T) {
		x := openTeam(t, open)
		r := x.request(domain.RoleViewer)
		r.Life = 200 * time.Millisecond
		i := x.invite(t, r)
		time.Sleep(r.Life)
		mustBe(t, second(x.Invitations.Peek(t.Context(), r.Token)), domain.CodeInvitationInvalid)
		token := newHash()
		resent, err := x.resend(t, r.By, i, token)
		mustDo(t, err)
		if resent.Generation != 2 || resent.State != domain.InvitationOpen || !resent.ExpiresAt.After(i.ExpiresAt) {
			t.Errorf("resent %+v", resent)
		}
		mustDo(t, second(x.Invitations.Peek(t.Context(), token)))
		mustBe(t, second(x.Invitations.Peek(t.Context(), r.Token)), domain.CodeInvitationInvalid)
	})
	t.Run("an invitation that was revoked or accepted is not resent or revoked", func(t *testing.T) {
		x := openTeam(t, open)
		revoked, r := x.invite(t, x.request(domain.RoleViewer)), x.request(domain.RoleViewer)
		accepted := x.invite(t, r)
		mustDo(t, x.revoke(t, r.By, revoked))
		mustDo(t, second(x.accept(t, r.Token, newIdentity(t))))
		for state, i := range map[domain.InvitationState]domain.Invitation{domain.InvitationRevoked: revoked, domain.InvitationAccepted: accepted} {
			mustBe(t, x.revoke(t, r.By, i), domain.CodeInvitationNotFound)
			mustBe(t, second(x.resend(t, r.By, i, newHash())), domain.CodeInvitationNotFound)
			x.mustBeInState(t, i, state)
		}
	})
}

func listInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("invitations of a state come from the newest, page after page", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.another(t)
		y.invite(t, y.request(domain.RoleViewer))
		var want []domain.InvitationID
		for n := range 5 {
			r := x.request(domain.RoleViewer)
			r.ID = domain.NewInvitationID(time.Now().Add(time.Duration(n) * time.Second))
			want = append([]domain.InvitationID{x.invite(t, r).ID}, want...)
			mustDo(t, x.revoke(t, r.By, x.invite(t, x.request(domain.RoleViewer))))
		}
		var after domain.InvitationID
		for len(want) > 0 {
			page, err := x.Invitations.List(t.Context(), ports.InvitationQuery{Tenant: x.ID, State: domain.InvitationOpen, After: after, Limit: 2})
			mustDo(t, err)
			if len(page) != min(2, len(want)) {
				t.Fatalf("a page has %d invitations, and %d are left", len(page), len(want))
			}
			for _, i := range page {
				if i.ID != want[0] {
					t.Fatalf("got %v, want %v", i.ID, want[0])
				}
				after, want = i.ID, want[1:]
			}
		}
	})
	t.Run("each invitation is in the list of its state alone, also of a deleted tenant", func(t *testing.T) {
		x := openTeam(t, open)
		is, r := map[domain.InvitationState]domain.Invitation{}, x.request(domain.RoleViewer)
		is[domain.InvitationAccepted] = x.invite(t, r)
		mustDo(t, second(x.accept(t, r.Token, newIdentity(t))))
		is[domain.InvitationRevoked] = x.invite(t, x.request(domain.RoleViewer))
		mustDo(t, x.revoke(t, r.By, is[domain.InvitationRevoked]))
		r = x.request(domain.RoleViewer)
		r.Life = soon
		is[domain.InvitationExpired] = x.invite(t, r)
		is[domain.InvitationOpen] = x.invite(t, x.request(domain.RoleViewer))
		time.Sleep(past)
		x.mustChange(t, operator, remove)
		for state, want := range is {
			if got := x.invitations(t, state); len(got) != 1 || got[0].ID != want.ID || got[0].State != state {
				t.Errorf("%s: got %+v", state, got)
			}
		}
	})
	t.Run("a page of no invitations is empty, whatever the status of the tenant", func(t *testing.T) {
		x := openTeam(t, open)
		for _, change := range []domain.TenantChange{suspend, remove, purgeNow} {
			x.mustChange(t, operator, change)
			if got := x.invitations(t, domain.InvitationOpen); len(got) != 0 {
				t.Errorf("after %s: %v", change.Action, got)
			}
		}
	})
	t.Run("a tenant that is absent has no list of invitations", func(t *testing.T) {
		s, unclaimed := open(t), reservation(t)
		reserve(t, s, unclaimed)
		for _, id := range []domain.TenantID{newTenantID(t, "absent"), unclaimed.ID} {
			_, err := s.Invitations.List(t.Context(), ports.InvitationQuery{Tenant: id, State: domain.InvitationOpen, Limit: 1})
			mustBe(t, err, domain.CodeTenantNotFound)
		}
	})
}

func recordInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("each change of an invitation is one event, a refused or repeated one is none", func(t *testing.T) {
		x, to, bob := openTeam(t, open), newEmail(t), newIdentity(t)
		owner := domain.UserActor(x.Owner)
		r := x.mailRequest(domain.RoleMember, to)
		i := x.invite(t, r)
		resent, err := x.resend(t, domain.OperatorActor(), i, newHash())
		mustDo(t, err)
		token := x.issue(t, resent)
		for range 2 {
			_, err := x.Invitations.Accept(t.Context(), ports.InvitationAcceptance{Token: token, Identity: bob, Email: to})
			mustDo(t, err)
		}
		revoked := x.invite(t, x.request(domain.RoleViewer))
		mustDo(t, x.revoke(t, owner, revoked))
		mustBe(t, x.revoke(t, owner, revoked), domain.CodeInvitationNotFound)
		mustBe(t, second(x.accept(t, newHash(), bob)), domain.CodeInvitationInvalid)

		got := x.events(t, x.ID)
		mustBeKinds(t, got, domain.EventTenantCreated, domain.EventInvitationCreated, domain.EventInvitationResent, domain.EventInvitationAccepted,
			domain.EventInvitationCreated, domain.EventInvitationRevoked)
		want := domain.InvitationEventData{Invitation: i.ID.String(), Email: to.String(), Role: domain.RoleMember, Generation: 2, ExpiresAt: resent.ExpiresAt}
		if d := data(t, got[2]); !d.ExpiresAt.Equal(want.ExpiresAt) || got[2].Actor != domain.OperatorActor() || got[1].Actor != owner || d.Generation != 2 || d.Email != want.Email || d.Invitation != want.Invitation || d.Role != want.Role {
			t.Errorf("got %+v with %+v, want %+v", got[2], d, want)
		}
		var accepted domain.InvitationAcceptedEventData
		mustDo(t, got[3].Decode(&accepted))
		if accepted != (domain.InvitationAcceptedEventData{Invitation: i.ID.String(), Email: to.String(), Member: domain.EventIdentityOf(bob), Role: domain.RoleMember}) || got[3].Actor != domain.UserActor(bob) {
			t.Errorf("got %+v with %+v", got[3], accepted)
		}
	})
}
