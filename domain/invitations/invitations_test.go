package invitations_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

var acme = domain.Must(domain.ParseTenantID("acme"))

// installation has the use cases of invitations on memory, with the tenant acme, which
// ada@example.com owns.
type installation struct {
	*invitations.Service
	db    *memory.DB
	users *idptest.Provider
	ada   ports.Caller
	now   time.Time
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{users: idptest.New(), now: time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return in.now }
	in.db = &memory.DB{Now: clock}
	in.Service = &invitations.Service{
		Store: in.db.Invitations(), Tokens: in.db.Invitations(), Users: in.users, Now: clock,
		URL: domain.Must(url.Parse("https://app.example.com/join?lang=en")), Limits: invitations.NewLimits(clock),
	}
	in.ada = in.caller(t, "ada@example.com")
	domain.Must(in.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Name: "Acme", Owner: in.ada.Identity()}))
	return in
}

func address(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }

func (in *installation) caller(t *testing.T, email string) ports.Caller {
	t.Helper()
	return domain.Must(in.users.Caller(address(email)))
}

// manager proves that the caller manages the members of acme.
func (in *installation) manager(t *testing.T, caller ports.Caller) access.Manager {
	t.Helper()
	member := domain.Must((&access.Service{Members: in.db.Members()}).Admit(t.Context(), caller.Identity(), acme))
	return domain.Must(member.Manager())
}

// invite invites by ada.
func (in *installation) invite(t *testing.T, invite invitations.Invite) invitations.Issued {
	t.Helper()
	return domain.Must(in.Create(t.Context(), in.manager(t, in.ada), in.ada, invite))
}

// last returns the last event in acme.
func (in *installation) last(t *testing.T) domain.Event {
	t.Helper()
	domain.Must(in.db.Events().Sequence(t.Context()))
	all := domain.Must(in.db.Events().Events(t.Context(), ports.EventQuery{Tenant: acme, Limit: 1000}))
	return all[len(all)-1]
}

// mailed returns the token of the mail of the last event.
func (in *installation) mailed(t *testing.T) domain.Secret {
	t.Helper()
	return domain.Must(in.IssueToken(t.Context(), in.last(t))).Token
}

func (in *installation) accept(t *testing.T, caller ports.Caller, token domain.Secret) (domain.Role, error) {
	t.Helper()
	accepted, err := in.Accept(t.Context(), limits.Address{}, caller, token)
	return accepted.Membership.Role, err
}

func mustBe(t *testing.T, err error, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestAnInvitationByLink(t *testing.T) {
	in := newInstallation(t)
	issued := in.invite(t, invitations.Invite{Role: domain.RoleMember})
	if issued.ByMail() || issued.State != domain.InvitationOpen || !issued.ExpiresAt.Equal(in.now.Add(domain.DefaultInvitationLife)) || issued.CreatedBy != domain.UserActor(in.ada.Identity()) {
		t.Errorf("created %+v", issued.Invitation)
	}
	if want := "https://app.example.com/join?lang=en&token=" + issued.Token.Reveal(); issued.Link.Reveal() != want {
		t.Errorf("the link is %s, want %s", issued.Link.Reveal(), want)
	}
	offer, err := in.Preview(t.Context(), limits.Address{}, issued.Token)
	if err != nil || offer.ID != issued.ID || offer.TenantName != "Acme" {
		t.Errorf("the preview is %+v, %v", offer, err)
	}
	bob := in.caller(t, "bob@example.com")
	for range 2 {
		if role, err := in.accept(t, bob, domain.NewSecret(" "+issued.Token.Reveal()+"\n")); role != domain.RoleMember || err != nil {
			t.Errorf("accepted as %q, %v", role, err)
		}
	}
	if e := in.last(t); e.Kind != domain.EventInvitationAccepted || strings.Contains(string(e.Data), issued.Token.Reveal()) {
		t.Errorf("the last event is %+v", e)
	}
	_, err = in.accept(t, in.caller(t, "eve@example.com"), issued.Token)
	mustBe(t, err, domain.CodeInvitationInvalid)
	_, err = in.issueFor(t, issued)
	mustBe(t, err, domain.CodeInvitationNotFound)
}

// issueFor issues a token for the event that created the invitation.
func (in *installation) issueFor(t *testing.T, issued invitations.Issued) (invitations.Mailing, error) {
	t.Helper()
	event := domain.Must(domain.NewInvitationEvent(t.Context(), domain.EventInvitationCreated, issued.CreatedBy, issued.Invitation, domain.InvitationID{}))
	return in.IssueToken(t.Context(), event)
}

func TestTheTokenOfAnInvitationByMailIsMadeForTheMail(t *testing.T) {
	in := newInstallation(t)
	bob := in.caller(t, "bob@example.com")
	issued := in.invite(t, invitations.Invite{Email: address("Bob@Example.com"), Role: domain.RoleAdmin})
	if !issued.Token.IsZero() || !issued.Link.IsZero() {
		t.Error("the answer has the token")
	}
	created := in.last(t)
	first, again := domain.Must(in.IssueToken(t.Context(), created)), domain.Must(in.IssueToken(t.Context(), created))
	if first.Token == again.Token || again.Email != issued.Email || again.TenantName != "Acme" || !strings.Contains(again.Link.Reveal(), again.Token.Reveal()) {
		t.Errorf("issued %+v and %+v", first, again)
	}
	_, err := in.accept(t, bob, first.Token)
	mustBe(t, err, domain.CodeInvitationInvalid)
	_, err = in.accept(t, in.caller(t, "eve@example.com"), again.Token)
	mustBe(t, err, domain.CodeEmailMismatch)
	domain.Must(in.Resend(t.Context(), in.manager(t, in.ada), in.ada, issued.ID))
	_, err = in.accept(t, bob, again.Token)
	mustBe(t, err, domain.CodeInvitationInvalid)
	_, err = in.IssueToken(t.Context(), created)
	mustBe(t, err, domain.CodeInvitationNotFound)
	if role, err := in.accept(t, bob, in.mailed(t)); role != domain.RoleAdmin || err != nil {
		t.Errorf("accepted as %q, %v", role, err)
	}
	member, err := in.db.Members().List(t.Context(), ports.MemberQuery{Tenant: acme, Text: "bob@", Limit: 1})
	if err != nil || len(member) != 1 || member[0].GrantedBy != domain.UserActor(in.ada.Identity()) {
		t.Errorf("the member is %+v, %v", member, err)
	}
	_, err = in.IssueToken(t.Context(), in.last(t))
	mustBe(t, err, domain.Invalid)
}
