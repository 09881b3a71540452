package porttest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// follower reads the events of a store while they are recorded.
type follower struct {
	log    RecordedEvents
	last   int64
	byID   map[domain.TenantID][]domain.Event
	end    func(t *testing.T) map[domain.TenantID][]domain.Event
	failed error
}

// follow starts to read the events after the last one. The end of the follower returns
// those of each tenant.
func follow(t *testing.T, log RecordedEvents) *follower {
	t.Helper()
	f := &follower{log: log, byID: map[domain.TenantID][]domain.Event{}}
	for f.read(t) {
		clear(f.byID) // of earlier tests
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				f.read(t)
			}
		}
	}()
	f.end = func(t *testing.T) map[domain.TenantID][]domain.Event {
		t.Helper()
		close(stop)
		<-stopped
		for f.read(t) {
		}
		if f.failed != nil {
			t.Fatal(f.failed)
		}
		return f.byID
	}
	return f
}

// read reads a page, and reports whether there was an event. Positions follow each other,
// and the events of a tenant are in the order of their IDs.
func (f *follower) read(t *testing.T) bool {
	if _, err := f.log.Sequence(t.Context()); err != nil {
		f.fail(err)
		return false
	}
	page, err := f.log.Events(t.Context(), ports.EventQuery{After: f.last, Limit: ports.MaxSequence})
	if err != nil {
		f.fail(err)
		return false
	}
	for _, e := range page {
		before := f.byID[e.Tenant]
		if e.Position != f.last+1 {
			f.fail(fmt.Errorf("position %d follows %d", e.Position, f.last))
		}
		if len(before) > 0 && before[len(before)-1].ID >= e.ID {
			f.fail(fmt.Errorf("the event %d of %s follows %d", e.ID, e.Tenant, before[len(before)-1].ID))
		}
		f.last, f.byID[e.Tenant] = e.Position, append(before, e)
	}
	return len(page) > 0
}

func (f *follower) fail(err error) {
	if f.failed == nil {
		f.failed = err
	}
}

// eventStory is a tenant as its events describe it.
type eventStory struct {
	status   domain.TenantStatus
	members  map[domain.Identity]modelMember
	accepted map[string]int // how often each invitation was
}

// mustBeAsItsEvents fails unless the events of the tenant describe what the store has,
// and the invariants of a tenant hold.
func (w *world) mustBeAsItsEvents(t *testing.T, id domain.TenantID, events []domain.Event) {
	t.Helper()
	story := eventStory{members: map[domain.Identity]modelMember{}, accepted: map[string]int{}}
	for _, e := range events {
		mustDo(t, w.follow(&story, e))
	}
	for invitation, times := range story.accepted {
		if times > 1 {
			t.Errorf("the invitation %s of %s was accepted %d times", invitation, id, times)
		}
	}
	details, err := w.Lifecycle.Details(t.Context(), id)
	if domain.CodeOf(err) == domain.CodeTenantNotFound || err == nil && details.Status == domain.Unclaimed {
		if story.status != "" {
			t.Errorf("%s has no owner yet; its events say %s", id, story.status)
		}
		w.mustKeepTheInvariants(t, id, "", nil)
		return
	}
	mustDo(t, err)
	members := w.membersOf(t, id)
	if details.Status == domain.Purging && len(members) == 0 {
		clear(story.members) // they have no events of their own
	}
	if details.Status != story.status || !maps.Equal(members, story.members) {
		t.Errorf("%s is %s with %v; its events say %s with %v", id, details.Status, members, story.status, story.members)
	}
	w.mustKeepTheInvariants(t, id, details.Status, members)
}

// mustKeepTheInvariants fails if a tenant with its data has no owner who stays, or if the
// store admits a person whose membership does not admit.
func (w *world) mustKeepTheInvariants(t *testing.T, id domain.TenantID, status domain.TenantStatus, members map[domain.Identity]modelMember) {
	t.Helper()
	keepsData := status == domain.Active || status == domain.Suspended || status == domain.Deleted
	if keepsData && (&modelTenant{members: members}).owners() == 0 {
		t.Errorf("%s has no owner: %v", id, members)
	}
	for _, p := range w.people {
		found, err := w.Members.Find(t.Context(), p.Identity, id)
		if admitted := err == nil && found.Status == status && found.Role == members[p.Identity].role; admitted != members[p.Identity].admits() {
			t.Errorf("%s finds %+v, %v for the membership %v", id, found, err, members[p.Identity])
		}
	}
}

// membersOf returns the memberships of the tenant, which has none if it is not found.
func (w *world) membersOf(t *testing.T, id domain.TenantID) map[domain.Identity]modelMember {
	t.Helper()
	listed, err := w.Lister.List(t.Context(), ports.MemberQuery{Tenant: id, Limit: 1000})
	if domain.CodeOf(err) != domain.CodeTenantNotFound {
		mustDo(t, err)
	}
	members := map[domain.Identity]modelMember{}
	for _, m := range listed {
		members[m.Identity] = w.inModel(m)
	}
	return members
}

// mustBeAsTheModel fails unless the store has what the model has.
func (w *world) mustBeAsTheModel(t *testing.T, tenant *modelTenant) {
	t.Helper()
	details, err := w.Lifecycle.Details(t.Context(), tenant.id)
	if tenant.status == "" {
		mustBe(t, err, domain.CodeTenantNotFound)
		return
	}
	mustDo(t, err)
	if details.Status != tenant.status || details.Name != tenant.name {
		t.Errorf("%s is %s and named %q; the model says %s, %q", tenant.id, details.Status, details.Name, tenant.status, tenant.name)
	}
	if tenant.status == domain.Unclaimed {
		return
	}
	if members := w.membersOf(t, tenant.id); !maps.Equal(members, tenant.members) {
		t.Errorf("%s has %v; the model says %v", tenant.id, members, tenant.members)
	}
	for id, want := range tenant.invitations {
		got, err := w.Invitations.Find(t.Context(), tenant.id, id)
		mustDo(t, err)
		if describeInvitation(got) != want.String() || got.AcceptedBy != want.acceptedBy {
			t.Errorf("the invitation %s is %+v; the model says %s of %s", id, got, want, want.acceptedBy)
		}
	}
}

// follow applies an event to the story of its tenant.
func (w *world) follow(story *eventStory, e domain.Event) error {
	switch e.Kind {
	case domain.EventTenantCreated, domain.EventTenantClaimed:
		var data domain.TenantEventData
		if err := e.Decode(&data); err != nil {
			return err
		}
		story.status = domain.Active
		return story.join(data.Owner, modelMember{role: domain.RoleOwner, state: domain.MemberActive, ends: never})
	case domain.EventTenantPurged:
		story.status, story.members = domain.Gone, map[domain.Identity]modelMember{}
		return nil
	case domain.EventTenantFreed:
		story.status = ""
		return nil
	case domain.EventTenantSuspended, domain.EventTenantResumed, domain.EventTenantDeleted, domain.EventTenantRestored,
		domain.EventTenantPurgeStarted, domain.EventTenantEdited, domain.EventTenantLimited:
		var data domain.TenantChangeEventData
		err := e.Decode(&data)
		story.status = data.Status
		return err
	case domain.EventTenantHandedOver:
		var data domain.HandoverEventData
		if err := e.Decode(&data); err != nil {
			return err
		}
		return story.handOver(data)
	case domain.EventInvitationAccepted:
		var data domain.InvitationAcceptedEventData
		if err := e.Decode(&data); err != nil {
			return err
		}
		story.accepted[data.Invitation]++
		return story.accept(data)
	case domain.EventInvitationCreated, domain.EventInvitationResent, domain.EventInvitationRevoked:
		return nil
	}
	if !slices.Contains(eventsOfMembers, e.Kind) {
		return fmt.Errorf("%s has an event %s", e.Tenant, e.Kind)
	}
	var data domain.MemberEventData
	if err := e.Decode(&data); err != nil {
		return err
	}
	return story.join(data.Member, modelMember{data.Role, data.State, w.endOf(data.ExpiresAt), data.Reason})
}

var eventsOfMembers = []domain.EventKind{
	domain.EventMemberAdded, domain.EventMemberRoleChanged, domain.EventMemberSuspended, domain.EventMemberResumed,
	domain.EventMemberChanged, domain.EventMemberRemoved, domain.EventMemberLeft,
}

// join gives the identity the membership, which a member without a role has no more.
func (s *eventStory) join(of domain.EventIdentity, m modelMember) error {
	who, err := of.Identity()
	if err != nil {
		return err
	}
	if s.members[who] = m; m.role == "" {
		delete(s.members, who)
	}
	return nil
}

func (s *eventStory) handOver(data domain.HandoverEventData) error {
	for of, role := range map[domain.EventIdentity]domain.Role{data.Heir: domain.RoleOwner, data.Owner: data.OwnerRole} {
		who, err := of.Identity()
		if err != nil {
			return err
		}
		m := s.members[who]
		m.role = role
		s.members[who] = m
	}
	return nil
}

func (s *eventStory) accept(data domain.InvitationAcceptedEventData) error {
	who, err := data.Member.Identity()
	if err != nil {
		return err
	}
	if m := s.members[who]; m.role != data.Role || m.ends == passed {
		s.members[who] = modelMember{role: data.Role, state: domain.MemberActive, ends: never}
	}
	return nil
}
