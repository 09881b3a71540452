package mails_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
)

// installation records events in memory, and sends their mails to a mailbox.
type installation struct {
	*mails.Consumer
	db       *memory.DB
	box      *memory.Mailbox
	now      time.Time
	reported []error
}

func newInstallation() *installation {
	in := &installation{box: &memory.Mailbox{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	clock := func() time.Time { return in.now }
	in.db = &memory.DB{Now: clock}
	in.Consumer = &mails.Consumer{
		Notifier: &mails.Service{Mailer: in.box},
		Invitations: &invitations.Service{
			Store: in.db.Invitations(), Tokens: in.db.Invitations(), Now: clock,
			URL: domain.Must(url.Parse("https://app.example.com/join?lang=en")),
		},
		Report: func(err error) { in.reported = append(in.reported, err) },
		Now:    clock,
	}
	return in
}

// create creates a tenant, and returns its event.
func (in *installation) create(t *testing.T, id, email string) domain.Event {
	t.Helper()
	creation := ports.TenantCreation{ID: domain.Must(domain.ParseTenantID(id)), Name: "Win a prize at evil.example", Owner: domain.Must(domain.NewIdentity("test", "ada"))}
	if email != "" {
		creation.OwnerEmail = domain.Must(domain.ParseEmail(email))
	}
	domain.Must(in.db.Tenants().Create(t.Context(), creation))
	return in.last(t)
}

func (in *installation) last(t *testing.T) domain.Event {
	t.Helper()
	log := in.db.Events()
	domain.Must(log.Sequence(t.Context()))
	all := domain.Must(log.Events(t.Context(), ports.EventQuery{Limit: 1000}))
	return all[len(all)-1]
}

func (in *installation) handle(t *testing.T, event domain.Event) {
	t.Helper()
	if err := in.Handle(t.Context(), event); err != nil {
		t.Fatal(err)
	}
}

func TestTheOwnerOfANewTenantGetsAMail(t *testing.T) {
	in := newInstallation()
	in.handle(t, in.create(t, "acme", "ada@example.com"))
	mail, sent := in.box.Last(ada)
	if !sent || !strings.Contains(mail.Text, "acme") {
		t.Errorf("the owner was sent %q", mail.Text)
	}
	if everything := mail.Subject + mail.Text + mail.HTML; strings.Contains(everything, "evil") || strings.Contains(everything, "prize") {
		t.Errorf("the mail contains the name that a stranger typed: %s", everything)
	}
}

func TestATenantThatIsClaimedHasAMailToo(t *testing.T) {
	in := newInstallation()
	id, token := domain.Must(domain.ParseTenantID("bolt")), domain.NewSecret("token")
	domain.Must(in.db.Reservations().Reserve(t.Context(), ports.ReservationRequest{ID: id, Name: "Bolt", Token: token.Hash(), TTL: time.Hour}))
	domain.Must(in.db.Reservations().Claim(t.Context(), ports.Claim{Token: token.Hash(), Owner: domain.Must(domain.NewIdentity("test", "ada")), Email: ada}))
	in.handle(t, in.last(t))
	if mail, _ := in.box.Last(ada); !strings.Contains(mail.Text, "bolt") {
		t.Errorf("the owner was sent %q", mail.Text)
	}
}

func TestOtherEventsHaveNoMail(t *testing.T) {
	in := newInstallation()
	in.handle(t, in.create(t, "acme", "")) // the address of the owner is not confirmed
	member := domain.Must(domain.NewIdentity("test", "bob"))
	domain.Must(in.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: acme, Member: member, Role: domain.RoleViewer}))
	in.handle(t, in.last(t))
	if sent := in.box.Sent(); len(sent) > 0 || len(in.reported) > 0 {
		t.Errorf("sent %v, reported %v", sent, in.reported)
	}
}

// A consumer that starts with the oldest event, as after "events forget", must not send
// the mails of a year again.
func TestAnEventThatIsTooOldHasNoMail(t *testing.T) {
	in := newInstallation()
	event := in.create(t, "acme", "ada@example.com")
	in.now = in.now.Add(72 * time.Hour)
	in.handle(t, event)
	if sent := in.box.Sent(); len(sent) != 1 {
		t.Errorf("after three days %d mails were sent, want 1", len(sent))
	}
	in.now = in.now.Add(time.Second)
	in.handle(t, event)
	if sent := in.box.Sent(); len(sent) != 1 || len(in.reported) != 1 {
		t.Errorf("after three days and a second %d mails were sent, want no other; reported %v", len(sent), in.reported)
	}
}

func TestAMailThatCannotBeSentIsAnErrorOfItsEvent(t *testing.T) {
	in := newInstallation()
	in.box.Break()
	if err := in.Handle(t.Context(), in.create(t, "acme", "ada@example.com")); !errors.Is(err, domain.Unavailable) {
		t.Errorf("with mail out of order: %v", err)
	}
	event := in.create(t, "bolt", "ada@example.com")
	for what, data := range map[string]string{"an address that is none": `{"email":"ada"}`, "data of another type": `{"email":7}`} {
		event.Data = []byte(data)
		if err := in.Handle(t.Context(), event); !errors.Is(err, domain.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// invite invites bob to acme, whose owner is ada, and returns the event.
func (in *installation) invite(t *testing.T, invite invitations.Invite) domain.Event {
	t.Helper()
	in.create(t, "acme", "ada@example.com")
	domain.Must(in.Invitations.Create(t.Context(), domain.Must(access.Installation().Manager(acme)), ports.Caller{}, invite))
	return in.last(t)
}

func TestAnInvitationIsMailedWithATokenThatIsGood(t *testing.T) {
	in := newInstallation()
	event := in.invite(t, invitations.Invite{Email: bob, Role: domain.RoleAdmin})
	preview := func() (ports.InvitationOffer, error) {
		mail, _ := in.box.Last(bob)
		page := domain.Must(url.Parse(mail.Secret.Reveal()))
		return in.Invitations.Preview(t.Context(), limits.Address{}, domain.NewSecret(page.Query().Get("token")))
	}
	in.handle(t, event)
	if offer, err := preview(); err != nil || offer.Tenant != acme || offer.Role != domain.RoleAdmin {
		t.Errorf("the link of the mail offers %+v, %v", offer, err)
	}
	in.handle(t, event) // as after a crash
	if offer, err := preview(); err != nil || len(in.box.Sent()) != 2 {
		t.Errorf("the link of the second mail offers %+v, %v", offer, err)
	}
	if event := string(in.last(t).Data); strings.Contains(event, "token") {
		t.Errorf("an event contains the token: %s", event)
	}
}

func TestAnInvitationThatIsResentIsMailedAgain(t *testing.T) {
	in := newInstallation()
	created := in.invite(t, invitations.Invite{Email: bob, Role: domain.RoleAdmin})
	operator := domain.Must(access.Installation().Manager(acme))
	open := domain.Must(in.Invitations.List(t.Context(), operator, "", domain.InvitationID{}, 0)).Invitations
	domain.Must(in.Invitations.Resend(t.Context(), operator, ports.Caller{}, open[0].ID))
	in.handle(t, created) // it is superseded
	if sent := in.box.Sent(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	in.handle(t, in.last(t))
	if sent := in.box.Sent(); len(sent) != 1 {
		t.Errorf("%d mails were sent", len(sent))
	}
}

func TestAnInvitationThatIsNotToBeMailedHasNoMail(t *testing.T) {
	t.Run("by link", func(t *testing.T) {
		in := newInstallation()
		in.handle(t, in.invite(t, invitations.Invite{Role: domain.RoleAdmin}))
		mustBeSilent(t, in)
	})
	t.Run("revoked", func(t *testing.T) {
		in := newInstallation()
		event := in.invite(t, invitations.Invite{Email: bob, Role: domain.RoleAdmin})
		operator := domain.Must(access.Installation().Manager(acme))
		open := domain.Must(in.Invitations.List(t.Context(), operator, "", domain.InvitationID{}, 0)).Invitations
		if err := in.Invitations.Revoke(t.Context(), operator, open[0].ID); err != nil {
			t.Fatal(err)
		}
		in.handle(t, event)
		in.handle(t, in.last(t))
		mustBeSilent(t, in)
	})
	t.Run("expired", func(t *testing.T) {
		in := newInstallation()
		event := in.invite(t, invitations.Invite{Email: bob, Role: domain.RoleAdmin, Life: time.Hour})
		in.now = in.now.Add(2 * time.Hour)
		in.handle(t, event)
		mustBeSilent(t, in)
	})
}

func mustBeSilent(t *testing.T, in *installation) {
	t.Helper()
	if sent := in.box.Sent(); len(sent) > 0 || len(in.reported) > 0 {
		t.Errorf("sent %v, reported %v", sent, in.reported)
	}
}

func TestAnInvitationOutlivesAnOutage(t *testing.T) {
	in := newInstallation()
	event := in.invite(t, invitations.Invite{Email: bob, Role: domain.RoleAdmin})
	for what, part := range map[string]interface {
		Break()
		Restore()
	}{"the database": in.db, "mail": in.box} {
		part.Break()
		if err := in.Handle(t.Context(), event); !errors.Is(err, domain.Unavailable) {
			t.Errorf("without %s: %v", what, err)
		}
		part.Restore()
	}
	in.handle(t, event)
	if sent := in.box.Sent(); len(sent) != 1 {
		t.Errorf("%d mails were sent", len(sent))
	}
}
