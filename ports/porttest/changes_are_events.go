package porttest

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// RecordedEvents reads the events that changes record.
type RecordedEvents interface {
	ports.EventSequencer
	ports.EventReader
}

// ChangesAreEvents checks on every changing port that a change records exactly one
// event, and that a refused or repeated one records none.
func ChangesAreEvents(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("each tenant begins with one event, and a refused or repeated creation has none", func(t *testing.T) {
		s, n, other := open(t), owned(t), owned(t)
		n.Idempotency = &ports.Idempotency{By: domain.UserActor(n.Owner), Route: "r", Key: unique()}
		for range 2 {
			create(t, s.Tenants, n)
		}
		other.ID = n.ID
		if _, err := s.Tenants.Create(t.Context(), other); err == nil {
			t.Fatal("the ID was granted twice")
		}
		got := s.events(t, n.ID)
		mustBeKinds(t, got, domain.EventTenantCreated)
		var data domain.TenantEventData
		mustDo(t, got[0].Decode(&data))
		if got[0].Actor != domain.UserActor(n.Owner) || data != (domain.TenantEventData{Name: n.Name, Owner: domain.EventIdentityOf(n.Owner)}) {
			t.Errorf("got %+v", got[0])
		}
	})
	t.Run("the event of a new tenant and the membership of its owner have the owner's address", func(t *testing.T) {
		s, n, r, owner := open(t), owned(t), reservation(t), newIdentity(t)
		n.OwnerEmail = newEmail(t)
		create(t, s.Tenants, n)
		reserve(t, s, r)
		claim := ports.Claim{Token: r.Token, Owner: owner, Email: newEmail(t)}
		_, err := s.Reservations.Claim(t.Context(), claim)
		mustDo(t, err)
		mustHaveAddress(t, s, n.ID, n.Owner, n.OwnerEmail)
		mustHaveAddress(t, s, r.ID, owner, claim.Email)
	})
	t.Run("the operator creates and reserves on behalf of another", func(t *testing.T) {
		s, n, reserved, unknown := open(t), owned(t), reservation(t), reservation(t)
		n.By, reserved.By = domain.OperatorActor(), domain.OperatorActor()
		create(t, s.Tenants, n)
		reserve(t, s, reserved)
		reserve(t, s, unknown)
		if got := s.events(t, n.ID); len(got) != 1 || got[0].Actor != domain.OperatorActor() || got[0].OnBehalfOf != n.Owner {
			t.Errorf("got %+v", got)
		}
		mustBeKinds(t, s.events(t, reserved.ID), domain.EventTenantReserved)
		mustBeKinds(t, s.events(t, unknown.ID))
	})
	t.Run("a claim is one event, and the same claim again is none", func(t *testing.T) {
		s, n, signedUp, owner := open(t), reservation(t), reservation(t), newIdentity(t)
		reserve(t, s, n)
		reserve(t, s, signedUp)
		for range 2 {
			claim(t, s, n, owner)
		}
		mustBeKinds(t, s.events(t, n.ID), domain.EventTenantClaimed)
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: signedUp.Token, SignUp: signsUp(owner)})
		mustDo(t, err)
		got := s.events(t, signedUp.ID)
		mustBeKinds(t, got, domain.EventTenantClaimed)
		if got[0].Actor != domain.UserActor(owner) {
			t.Errorf("got %+v", got[0])
		}
	})
	t.Run("each change of a tenant's record is one event, a refused or repeated one is none", func(t *testing.T) {
		x := openTeam(t, open)
		for _, change := range []domain.TenantChange{suspend, resume, edit("Bolt"), remove, restore} {
			for range 2 {
				x.mustChange(t, x.owner(), change)
			}
		}
		if _, err := x.changeTenant(t, domain.UserActor(newIdentity(t)), suspend); err == nil {
			t.Fatal("a stranger suspended the tenant")
		}
		got := x.events(t, x.ID)
		mustBeKinds(t, got, domain.EventTenantCreated, domain.EventTenantSuspended, domain.EventTenantResumed,
			domain.EventTenantEdited, domain.EventTenantDeleted, domain.EventTenantRestored)
		var data domain.TenantChangeEventData
		mustDo(t, got[1].Decode(&data))
		if got[1].Actor != x.owner() || data.Status != domain.Suspended || data.Reason != suspend.Reason {
			t.Errorf("got %+v", got[1])
		}
	})
	t.Run("each change of a membership is one event, a refused or repeated one is none", func(t *testing.T) {
		changeOfEachKind(t, open(t))
	})
	t.Run("of many creations at once the one that succeeds is an event", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "race")
		race(func(int) error {
			n := owned(t)
			n.ID = id
			_, err := s.Tenants.Create(t.Context(), n)
			return err
		})
		mustBeKinds(t, s.events(t, id), domain.EventTenantCreated)
	})
	t.Run("an event names the request and the address of its caller", func(t *testing.T) {
		s, n := open(t), owned(t)
		info := domain.RequestInfo{ID: "r-" + unique(), Address: netip.MustParseAddr("2001:db8::7")}
		_, err := s.Tenants.Create(domain.WithRequestInfo(t.Context(), info), n)
		mustDo(t, err)
		if got := s.events(t, n.ID); len(got) != 1 || got[0].RequestID != info.ID || got[0].Address != info.Address {
			t.Errorf("got %+v", got)
		}
	})
}

func changeOfEachKind(t *testing.T, s Tenancy) {
	n, bob := owned(t), newIdentity(t)
	create(t, s.Tenants, n)
	operator, owner := domain.OperatorActor(), domain.UserActor(n.Owner)
	grant := ports.MemberGrant{Tenant: n.ID, Member: bob, Role: domain.RoleViewer, Reason: "asked"}
	change := func(by domain.Actor, c domain.MembershipChange) {
		t.Helper()
		_, err := s.Changer.Change(t.Context(), ports.MemberChange{Tenant: n.ID, Member: bob, By: by, MembershipChange: c})
		mustDo(t, err)
	}
	for range 2 { // the second changes nothing
		_, err := s.Changer.Grant(t.Context(), grant)
		mustDo(t, err)
	}
	for range 2 {
		change(owner, domain.MembershipChange{Role: new(domain.RoleAdmin)})
	}
	change(owner, domain.MembershipChange{State: new(domain.MemberSuspended)})
	change(operator, domain.MembershipChange{State: new(domain.MemberActive)})
	change(operator, domain.MembershipChange{Reason: new("another")})
	if _, err := s.Changer.Change(t.Context(), ports.MemberChange{Tenant: n.ID, Member: n.Owner, By: domain.UserActor(bob), MembershipChange: domain.MembershipChange{Role: new(domain.RoleViewer)}}); err == nil {
		t.Fatal("an admin demoted an owner")
	}
	_, _, err := s.Changer.HandOver(t.Context(), ports.Handover{Tenant: n.ID, By: n.Owner, Heir: bob, OwnRole: domain.RoleMember})
	mustDo(t, err)
	mustDo(t, s.Changer.Remove(t.Context(), ports.MemberRemoval{Tenant: n.ID, Member: n.Owner, By: owner}))
	if err := s.Changer.Remove(t.Context(), ports.MemberRemoval{Tenant: n.ID, Member: n.Owner, By: operator}); err == nil {
		t.Fatal("a member was removed twice")
	}
	_, err = s.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: n.ID, Member: n.Owner, Role: domain.RoleViewer})
	mustDo(t, err)
	mustDo(t, s.Changer.Remove(t.Context(), ports.MemberRemoval{Tenant: n.ID, Member: n.Owner, By: operator, Reason: "ticket 17"}))

	got := s.events(t, n.ID)
	mustBeKinds(t, got, domain.EventTenantCreated, domain.EventMemberAdded, domain.EventMemberRoleChanged, domain.EventMemberSuspended,
		domain.EventMemberResumed, domain.EventMemberChanged, domain.EventTenantHandedOver, domain.EventMemberLeft, domain.EventMemberAdded, domain.EventMemberRemoved)
	var changed, removed domain.MemberEventData
	mustDo(t, got[2].Decode(&changed))
	mustDo(t, got[9].Decode(&removed))
	if got[2].Actor != owner || changed.Member != domain.EventIdentityOf(bob) || changed.Role != domain.RoleAdmin || changed.PreviousRole != domain.RoleViewer {
		t.Errorf("got %+v with %+v", got[2], changed)
	}
	if got[9].Actor != operator || removed.Role != "" || removed.PreviousRole != domain.RoleViewer || removed.Reason != "ticket 17" {
		t.Errorf("got %+v with %+v", got[9], removed)
	}
}

// events returns all events of tenant id.
func (s Tenancy) events(t *testing.T, id domain.TenantID) []domain.Event {
	t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = s.Events.Sequence(t.Context())
		mustDo(t, err)
	}
	found, err := s.Events.Events(t.Context(), ports.EventQuery{Tenant: id, Limit: 1000})
	mustDo(t, err)
	for _, e := range found {
		mustBeNear(t, e.At, time.Now())
	}
	return found
}

func mustBeKinds(t *testing.T, events []domain.Event, want ...domain.EventKind) {
	t.Helper()
	if !slices.EqualFunc(events, want, func(e domain.Event, kind domain.EventKind) bool { return e.Kind == kind }) {
		t.Fatalf("got %+v, want %v", events, want)
	}
}

// mustHaveAddress fails unless the first event of the tenant and the membership of its
// owner have the address.
func mustHaveAddress(t *testing.T, s Tenancy, id domain.TenantID, owner domain.Identity, want domain.Email) {
	t.Helper()
	var data domain.TenantEventData
	if got := s.events(t, id); len(got) != 1 || got[0].Decode(&data) != nil || data.Email != want.String() {
		t.Errorf("the events of %s are %+v, want one with %s", id, got, want)
	}
	if got := soleTenant(t, s, owner).Membership.Email; got != want {
		t.Errorf("the membership has the address %s, want %s", got, want)
	}
}
