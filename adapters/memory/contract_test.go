package memory_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestTenantStore(t *testing.T) {
	t.Parallel()
	porttest.TenantStore(t, openTenancy)
}

func TestTenantLifecycle(t *testing.T) {
	t.Parallel()
	porttest.TenantLifecycle(t, openTenancy)
}

func TestTenantDirectory(t *testing.T) {
	t.Parallel()
	porttest.TenantDirectory(t, openTenancy)
}

func TestTenantPurger(t *testing.T) {
	t.Parallel()
	porttest.TenantPurger(t, openTenancy)
}

func TestTenantChecker(t *testing.T) {
	t.Parallel()
	porttest.TenantChecker(t, openTenancy)
}

func TestMemberStore(t *testing.T) {
	t.Parallel()
	porttest.MemberStore(t, openTenancy)
}

func TestMemberLister(t *testing.T) {
	t.Parallel()
	porttest.MemberLister(t, openTenancy)
}

func TestMemberChanger(t *testing.T) {
	t.Parallel()
	porttest.MemberChanger(t, openTenancy)
}

func TestInvitationStore(t *testing.T) {
	t.Parallel()
	porttest.InvitationStore(t, openTenancy)
}

func TestInvitationTokens(t *testing.T) {
	t.Parallel()
	porttest.InvitationTokens(t, openTenancy)
}

func TestWorkerStore(t *testing.T) {
	t.Parallel()
	porttest.WorkerStore(t, openTenancy)
}

func TestMemberEmails(t *testing.T) {
	t.Parallel()
	porttest.MemberEmails(t, openTenancy)
}

func TestChangesAreEvents(t *testing.T) {
	t.Parallel()
	porttest.ChangesAreEvents(t, openTenancy)
}

func TestReservationStore(t *testing.T) {
	t.Parallel()
	porttest.ReservationStore(t, openTenancy)
}

func TestUserStore(t *testing.T) {
	t.Parallel()
	porttest.UserStore(t, func(*testing.T) porttest.Users {
		db := &memory.DB{}
		return porttest.Users{Store: db.Users(), Join: joiner(db)}
	})
}

func TestObjectStore(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"at the root": "", "below a path": "/local/objects/"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.ObjectStore(t, func(t *testing.T) porttest.ObjectStorage {
				objects, client := serveObjects(t, path)
				return porttest.ObjectStorage{Store: objects, Client: client}
			})
		})
	}
}

func TestMailer(t *testing.T) {
	t.Parallel()
	porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
		box := &memory.Mailbox{}
		last := func() ports.Mail {
			if sent := box.Sent(); len(sent) > 0 {
				return sent[len(sent)-1]
			}
			return ports.Mail{}
		}
		return porttest.Mailbox{
			Mailer:   box,
			Last:     func(*testing.T) string { return last().Text },
			LastHTML: func(*testing.T) string { return last().HTML },
		}
	})
}

func TestDependency(t *testing.T) {
	t.Parallel()
	type breakable interface {
		ports.Dependency
		Break()
		Restore()
	}
	for name, open := range map[string]func() breakable{
		"DB":      func() breakable { return &memory.DB{} },
		"Objects": func() breakable { return &memory.Objects{} },
		"Mailbox": func() breakable { return &memory.Mailbox{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			porttest.Dependency(t, func(*testing.T) porttest.Outage {
				d := open()
				return porttest.Outage{
					Dependency: d,
					Break:      func(*testing.T) { d.Break() },
					Restore:    func(*testing.T) { d.Restore() },
				}
			})
		})
	}
}

func openTenancy(*testing.T) porttest.Tenancy {
	db := &memory.DB{}
	return porttest.Tenancy{
		Tenants:      db.Tenants(),
		Members:      db.Members(),
		WithSettings: db.MembersWithSettings(),
		Lister:       db.Members(),
		Changer:      db.Members(),
		Emails:       db.Members(),
		Reservations: db.Reservations(),
		Events:       db.Events(),
		Archives:     db.Archives(),
		Lifecycle:    db.Lifecycle(),
		Directory:    db.Directory(),
		Purges:       db.Purges(),
		Invitations:  db.Invitations(),
		Workers:      db.Workers(),
		Suspend: func(t *testing.T, id domain.TenantID) {
			if err := db.SetStatus(id, domain.Suspended); err != nil {
				t.Fatal(err)
			}
		},
		SetUpgrading: func(t *testing.T, id domain.TenantID, upgrading bool) {
			if err := db.SetUpgrading(id, upgrading); err != nil {
				t.Fatal(err)
			}
		},
	}
}

// serveObjects serves a store's own URLs below path.
func serveObjects(t *testing.T, path string) (*memory.Objects, *http.Client) {
	t.Helper()
	objects := &memory.Objects{}
	server := httptest.NewServer(objects)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	objects.Base = base
	return objects, server.Client()
}

// joiner returns a function that makes a subject the owner of a new tenant.
func joiner(db *memory.DB) func(*testing.T, string) {
	return func(t *testing.T, subject string) {
		t.Helper()
		who, err := domain.NewIdentity("memory", subject)
		must(t, err)
		_, err = db.Tenants().Create(t.Context(), ports.TenantCreation{ID: domain.Must(domain.ParseTenantID("tenant")), Name: "Tenant", Owner: who})
		must(t, err)
	}
}

func TestTenantArchives(t *testing.T) {
	t.Parallel()
	porttest.TenantArchives(t, openTenancy)
}
