package events_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/ports"
)

// installation has the use cases of events on memory.
type installation struct {
	*events.Service
	db *memory.DB
}

func newInstallation() installation {
	db := &memory.DB{}
	log := db.Events()
	return installation{&events.Service{Sequencer: log, Reader: log, Consumers: log, Operations: log, Keeper: log, IdlePause: 5 * time.Millisecond}, db}
}

func tenantID(s string) domain.TenantID { return domain.Must(domain.ParseTenantID(s)) }

func identity(s string) domain.Identity { return domain.Must(domain.NewIdentity("test", s)) }

// create creates a tenant, which is an event.
func (in installation) create(t *testing.T, id string) {
	t.Helper()
	domain.Must(in.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenantID(id), Owner: identity("owner")}))
}

// join adds n members to the tenant, each of which is an event.
func (in installation) join(t *testing.T, id string, n int) {
	t.Helper()
	for i := range n {
		domain.Must(in.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: tenantID(id), Member: identity(string(rune('a' + i))), Role: domain.RoleViewer}))
	}
}

func (in installation) member(t *testing.T, id, subject string) access.Member {
	t.Helper()
	return domain.Must((&access.Service{Members: in.db.Members()}).Admit(t.Context(), identity(subject), tenantID(id)))
}

func TestMembersWhoManageMembersListTheEventsOfTheirTenant(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme")
	in.create(t, "bolt")
	in.join(t, "acme", 3)
	if page, err := in.List(t.Context(), access.Manager{}, events.Query{}); !errors.Is(err, domain.Forbidden) || len(page.Events) != 0 {
		t.Errorf("the zero Manager: got %+v, %v", page, err)
	}
	owner := domain.Must(in.member(t, "acme", "owner").Manager())
	page := domain.Must(in.List(t.Context(), owner, events.Query{}))
	if len(page.Events) != 4 || page.Next != 0 || page.Events[0].Kind != domain.EventTenantCreated || page.Events[3].Tenant != tenantID("acme") {
		t.Errorf("got %+v", page)
	}
	var paged []domain.Event
	for query := (events.Query{Limit: 3}); ; {
		page := domain.Must(in.List(t.Context(), owner, query))
		paged = append(paged, page.Events...)
		if query.After = page.Next; page.Next == 0 {
			break
		}
	}
	if !slices.EqualFunc(paged, page.Events, func(a, b domain.Event) bool { return a.ID == b.ID }) {
		t.Errorf("in pages: got %+v", paged)
	}
	if page := domain.Must(in.List(t.Context(), owner, events.Query{Kind: domain.EventMemberAdded, Since: page.Events[2].At})); len(page.Events) == 0 || page.Events[0].Kind != domain.EventMemberAdded {
		t.Errorf("of one kind: got %+v", page)
	}
	for _, limit := range []int{-1, domain.MaxPage + 1} {
		if _, err := in.List(t.Context(), owner, events.Query{Limit: limit}); !errors.Is(err, domain.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestTheOperatorListsAllEvents(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme")
	in.create(t, "bolt")
	if _, err := in.ListAll(t.Context(), access.Operator{}, domain.TenantID{}, events.Query{}); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	for id, want := range map[domain.TenantID]int{{}: 2, tenantID("bolt"): 1, tenantID("none"): 0} {
		if page := domain.Must(in.ListAll(t.Context(), access.Installation(), id, events.Query{})); len(page.Events) != want {
			t.Errorf("of %q: got %+v", id, page)
		}
	}
}

func TestOnlyTheOperatorLooksAfterConsumers(t *testing.T) {
	in := newInstallation()
	_, retry := in.Retry(t.Context(), access.Operator{}, "mail")
	_, states := in.States(t.Context(), access.Operator{})
	for _, err := range []error{retry, states, in.Forget(t.Context(), access.Operator{}, "mail")} {
		if !errors.Is(err, domain.Forbidden) {
			t.Errorf("without a proof: %v", err)
		}
	}
	if _, err := in.Retry(t.Context(), access.Installation(), "mail"); !errors.Is(err, domain.NotFound) {
		t.Errorf("an unknown consumer: %v", err)
	}
}

func TestOldEventsAreSwept(t *testing.T) {
	in := newInstallation()
	in.db.Now = func() time.Time { return time.Now().Add(-events.DefaultRetention - time.Hour) }
	in.create(t, "acme")
	in.db.Now = nil
	in.create(t, "bolt")
	domain.Must(in.ListAll(t.Context(), access.Installation(), domain.TenantID{}, events.Query{}))
	if n, err := in.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	in.Retention = time.Nanosecond
	time.Sleep(time.Millisecond)
	if n, err := in.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
}

func TestSequencingEndsWithItsContext(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { in.Sequence(ctx); close(done) }()
	numbered := func() bool {
		return len(domain.Must(in.Reader.Events(t.Context(), ports.EventQuery{Limit: 10}))) == 1
	}
	waitUntil(t, numbered)
	cancel()
	<-done
}

func waitUntil(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never holds")
		}
	}
}

func TestNoNameIsThatOfAConsumer(t *testing.T) {
	in := newInstallation()
	for _, name := range []string{"", "Mail", "mail", "\xff", "a\x00", "a b"} {
		if _, err := in.Retry(t.Context(), access.Installation(), name); !errors.Is(err, domain.NotFound) {
			t.Errorf("retry %q: %v", name, err)
		}
		if err := in.Forget(t.Context(), access.Installation(), name); !errors.Is(err, domain.NotFound) {
			t.Errorf("forget %q: %v", name, err)
		}
	}
}

func TestANegativeRetentionIsTheDefault(t *testing.T) {
	in := newInstallation()
	in.Retention = -time.Hour
	in.create(t, "acme")
	if page, err := in.ListAll(t.Context(), access.Installation(), domain.TenantID{}, events.Query{}); err != nil || len(page.Events) != 1 {
		t.Fatalf("got %+v, %v", page, err)
	}
	if n, err := in.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("the sweep removed %d events, %v", n, err)
	}
}
