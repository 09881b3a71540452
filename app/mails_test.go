package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/ports"
)

// confirmed signs a new user up, confirms the address, and returns an access token.
func confirmed(t *testing.T, pw *app.Partywall, box *memory.Mailbox, address string) string {
	t.Helper()
	email := domain.Must(domain.ParseEmail(address))
	domain.Must(pw.Identities.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: password}))
	mail, _ := box.Last(email)
	if err := pw.Identities.VerifyEmail(t.Context(), limits.Address{}, email, mail.Secret); err != nil {
		t.Fatal(err)
	}
	return signIn(t.Context(), pw, address)
}

// createTenant creates a tenant over HTTP.
func createTenant(t *testing.T, pw *app.Partywall, id, token string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/auth/tenants", strings.NewReader(`{"tenantId":"`+id+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	if got := answer(pw.Handler(), r); !strings.HasPrefix(got, "201 ") {
		t.Fatal(got)
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func welcomed(box *memory.Mailbox, address string) bool {
	mail, sent := box.Last(domain.Must(domain.ParseEmail(address)))
	return sent && mail.Subject == "Your tenant is ready"
}

func TestAMailOfAnEventOutlivesItsProcess(t *testing.T) {
	needPostgres(t)
	cfg := app.Config{
		DataDir: t.TempDir(), Database: databaseOfExample(), Keys: domain.Must(idp.NewKeys()), Hasher: memory.Hasher{}, RequireConfirmation: true,
	}
	if err := app.Setup(t.Context(), cfg, func(string) {}); err != nil {
		t.Fatal(err)
	}
	open := func(box *memory.Mailbox) *app.Partywall {
		cfg.Mail = box
		return domain.Must(app.New(t.Context(), cfg))
	}
	var first, second memory.Mailbox
	pw := open(&first)
	token := confirmed(t, pw, &first, "ada@acme.example")
	first.Break()
	createTenant(t, pw, "acme", token)
	if err := pw.Close(); err != nil {
		t.Fatal(err)
	}
	pw = open(&second)
	defer pw.Close()
	eventually(t, "the next process sends the mail", func() bool { return welcomed(&second, "ada@acme.example") })
}

// The handler is mounted below a prefix, as in a product.
func TestAnInvitationIsMailedAndItsPageAcceptsIt(t *testing.T) {
	var box memory.Mailbox
	pw := domain.Must(app.New(t.Context(), app.Config{
		Memory: true, RequireConfirmation: true, Mail: &box, PublicURL: domain.Must(url.Parse("https://shop.example/pw")),
	}))
	defer pw.Close()
	product := http.StripPrefix("/pw", pw.Handler())
	createTenant(t, pw, "acme", confirmed(t, pw, &box, "ada@acme.example"))
	acme, bob := domain.Must(domain.ParseTenantID("acme")), domain.Must(domain.ParseEmail("bob@acme.example"))
	operator := domain.Must(access.Installation().Manager(acme))
	domain.Must(pw.Invitations.Create(t.Context(), operator, ports.Caller{}, invitations.Invite{Email: bob, Role: domain.RoleAdmin}))

	eventually(t, "the mail arrives", func() bool { _, sent := box.Last(bob); return sent })
	mail, _ := box.Last(bob)
	link := domain.Must(url.Parse(mail.Secret.Reveal()))
	page := httptest.NewRequestWithContext(t.Context(), http.MethodGet, link.RequestURI(), nil)
	shown := answer(product, page)
	_, action, found := strings.Cut(shown, ` action="`)
	if !strings.HasPrefix(shown, "200 ") || !found {
		t.Fatalf("the link of the mail leads to %s", shown)
	}
	action, _, _ = strings.Cut(action, `"`)
	form := url.Values{"token": {link.Query().Get("token")}, "account": {"new"}, "email": {bob.String()}, "password": {password.Reveal()}}
	accept := httptest.NewRequestWithContext(t.Context(), http.MethodPost, link.ResolveReference(domain.Must(url.Parse(action))).RequestURI(), strings.NewReader(form.Encode()))
	accept.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := answer(product, accept); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "member of the tenant acme") {
		t.Fatalf("the form answers %s", got)
	}
	listed := domain.Must(pw.Members.List(t.Context(), operator, members.Filter{Role: domain.RoleAdmin}, domain.Identity{}, 0))
	if len(listed.Members) != 1 || listed.Members[0].Email != bob {
		t.Errorf("the admins are %+v", listed.Members)
	}
}

// picky refuses the mails about new tenants.
type picky struct{ memory.Mailbox }

func (m *picky) Send(ctx context.Context, mail ports.Mail) error {
	if mail.Subject == "Your tenant is ready" {
		return domain.Invalidf("email", "this address is on the list of addresses that bounce")
	}
	return m.Mailbox.Send(ctx, mail)
}

func TestAMailThatIsRefusedForGoodIsSetAside(t *testing.T) {
	var log syncBuffer
	box := &picky{}
	pw := domain.Must(app.New(t.Context(), app.Config{Memory: true, RequireConfirmation: true, Mail: box, Logger: slog.New(slog.NewJSONHandler(&log, nil))}))
	defer pw.Close()
	createTenant(t, pw, "acme", confirmed(t, pw, &box.Mailbox, "ada@acme.example"))
	setAside := func() (n int) {
		for _, consumer := range domain.Must(pw.Events.States(t.Context(), access.Installation())) {
			n += len(consumer.SetAside)
		}
		return n
	}
	eventually(t, "the event is set aside", func() bool { return setAside() == 1 })
	for _, want := range []string{"partywall.mails", "tenant.created of acme", "attempt 1, set aside for the operator", "addresses that bounce"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

// Members and invited persons take the address for the member's own. Where mails leave, an
// address that was never proven may be another person's.
func TestAnAddressWithoutProofIsNotShownToMembers(t *testing.T) {
	ada := domain.Must(domain.ParseEmail("ada@acme.example"))
	for name, c := range map[string]struct {
		mail  ports.Mailer
		shown domain.Email
	}{"mails leave": {&memory.Mailbox{}, domain.Email{}}, "mails go to the log": {nil, ada}} {
		pw := domain.Must(app.New(t.Context(), app.Config{Memory: true, Mail: c.mail}))
		defer pw.Close()
		domain.Must(pw.Identities.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: ada, Password: password}))
		token := signIn(t.Context(), pw, ada.String())
		createTenant(t, pw, "acme", token)
		me := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/auth/me", nil)
		me.Header.Set("Authorization", "Bearer "+token)
		if got := answer(pw.Handler(), me); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, ada.String()) {
			t.Fatalf("%s: GET /auth/me answers %s", name, got)
		}
		operator := domain.Must(access.Installation().Manager(domain.Must(domain.ParseTenantID("acme"))))
		if listed := domain.Must(pw.Members.List(t.Context(), operator, members.Filter{}, domain.Identity{}, 0)); len(listed.Members) != 1 || listed.Members[0].Email != c.shown {
			t.Errorf("%s: the members are %+v", name, listed.Members)
		}
	}
}
