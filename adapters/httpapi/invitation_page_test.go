package httpapi_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/invitationpage"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

// openWithInvitation returns an installation with the tenant acme, and the token of an
// invitation to it, for the address or for any.
func openWithInvitation(t *testing.T, email string, changes ...func(*installation)) (h *installation, token string) {
	t.Helper()
	h = open(t, changes...)
	h.tenant(t, "acme", "ada@acme.example")
	invite := invitations.Invite{Role: domain.RoleAdmin}
	if email != "" {
		invite.Email = parse(t, domain.ParseEmail, email)
	}
	operator := domain.Must(access.Installation().Manager(parse(t, domain.ParseTenantID, "acme")))
	issued := domain.Must(h.config.Invitations.Create(t.Context(), operator, ports.Caller{}, invite))
	if email == "" {
		return h, issued.Token.Reveal()
	}
	domain.Must(h.db.Events().Sequence(t.Context()))
	events := domain.Must(h.db.Events().Events(t.Context(), ports.EventQuery{Tenant: issued.Tenant, Limit: 100}))
	return h, domain.Must(h.config.Invitations.IssueToken(t.Context(), events[len(events)-1])).Token.Reveal()
}

const asForm = "Content-Type: application/x-www-form-urlencoded"

// submit sends the form of the page.
func (h *installation) submit(t *testing.T, token, account, email, password string) answer {
	t.Helper()
	form := url.Values{"token": {token}, "account": {account}, "email": {email}, "password": {password}}
	return h.send(t, http.MethodPost, invitationpage.FormPath, form.Encode(), asForm)
}

// isPage fails unless the answer is a page with the text.
func (a answer) isPage(t *testing.T, status int, text string) answer {
	t.Helper()
	if a.status != status || a.header.Get("Content-Type") != "text/html; charset=UTF-8" || !strings.Contains(a.body, text) {
		t.Errorf("got %d, %s, want %d and %q:\n%s", a.status, a.header.Get("Content-Type"), status, text, a.body)
	}
	return a
}

func (h *installation) roleIn(t *testing.T, id, email string) string {
	t.Helper()
	member, err := (&access.Service{Members: h.db.Members()}).Admit(t.Context(), h.caller(t, email).Identity(), parse(t, domain.ParseTenantID, id))
	if err != nil {
		return domain.KindOf(err).Error()
	}
	return string(member.Role())
}

func TestThePageShowsTheInvitationAndSpendsNothing(t *testing.T) {
	h, token := openWithInvitation(t, "bob@example.com")
	for range 3 {
		page := h.get(t, "/invitations/accept?token="+token).isPage(t, 200, ">acme<")
		for _, want := range []string{"admin", "b***@e***", `value="` + token + `"`, `autocomplete="new-password"`} {
			if !strings.Contains(page.body, want) {
				t.Errorf("the page lacks %s:\n%s", want, page.body)
			}
		}
		if strings.Contains(page.body, "bob@example.com") {
			t.Error("the page shows the address to anyone who has the link")
		}
	}
	h.get(t, "/invitations/accept?account=existing&token="+token).isPage(t, 200, `autocomplete="current-password"`)
}

func TestThePageIsAsSafeAsAPageWithATokenMustBe(t *testing.T) {
	h, token := openWithInvitation(t, "")
	for _, page := range []answer{h.get(t, "/invitations/accept?token="+token), h.submit(t, token, "new", "no address", "x")} {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": invitationpage.Policy(), "Set-Cookie": "",
		} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s is %q, want %q", header, got, want)
			}
		}
		if strings.Contains(page.body, "<script") || regexp.MustCompile(`(src|href|action)="(https?:)?//`).MatchString(page.body) {
			t.Errorf("the page runs or loads something: %s", page.body)
		}
	}
}

func TestALinkThatOffersNothingHasAPageThatSaysSo(t *testing.T) {
	h, token := openWithInvitation(t, "")
	h.get(t, "/invitations/accept").isPage(t, 400, "Open the link of your invitation again")
	h.get(t, "/invitations/accept-form").isPage(t, 400, "Open the link of your invitation again")
	h.get(t, "/invitations/accept?token=unknown").isPage(t, 404, "ask for a new one")
	h.submit(t, "unknown", "new", "bob@example.com", "correct horse").isPage(t, 404, "ask for a new one")
	h.db.Break()
	if got := h.get(t, "/invitations/accept?token="+token).isPage(t, 503, "This did not work"); got.header.Get("Retry-After") == "" {
		t.Error("the answer has no Retry-After")
	}
}

func TestSigningUpOnThePageAccepts(t *testing.T) {
	h, token := openWithInvitation(t, "bob@example.com")
	h.submit(t, token, "new", "Bob@example.com", "correct horse battery").isPage(t, 200, "You have an account now, and are a member of the tenant acme")
	if role := h.roleIn(t, "acme", "bob@example.com"); role != "admin" {
		t.Errorf("bob is %s", role)
	}
	h.get(t, "/invitations/accept?token="+token).isPage(t, 404, "If you accepted it, sign in")
}

func TestSigningUpOnThePageNamesTheCodeThatIsNeeded(t *testing.T) {
	h, token := openWithInvitation(t, "", needsConfirmation)
	h.submit(t, token, "new", "bob@example.com", "correct horse battery").isPage(t, 200, "A code was sent to bob@example.com")
}

func TestSigningInOnThePageAccepts(t *testing.T) {
	h, token := openWithInvitation(t, "bob@example.com")
	h.caller(t, "bob@example.com")
	for range 2 { // a form that is sent twice
		h.submit(t, token, "existing", "bob@example.com", "correct horse battery").isPage(t, 200, "You are a member of the tenant acme in the role admin")
	}
	if role := h.roleIn(t, "acme", "bob@example.com"); role != "admin" {
		t.Errorf("bob is %s", role)
	}
	h.caller(t, "eve@example.com")
	h.submit(t, token, "existing", "eve@example.com", "correct horse battery").isPage(t, 404, "ask for a new one")
}

func TestASignInThatNeedsMoreThanAPasswordNeedsTheProduct(t *testing.T) {
	h, token := openWithInvitation(t, "")
	h.caller(t, "bob@example.com")
	if err := h.identities.OrderChallenge(t.Context(), parse(t, domain.ParseEmail, "bob@example.com"), "SOFTWARE_TOKEN_MFA"); err != nil {
		t.Fatal(err)
	}
	h.submit(t, token, "existing", "bob@example.com", "correct horse battery").isPage(t, 200, "Sign in to the product, and accept the invitation there")
	h.get(t, "/invitations/accept?token="+token).isPage(t, 200, ">acme<")
}

func TestTheFormSaysWhatIsWrong(t *testing.T) {
	h, token := openWithInvitation(t, "bob@example.com")
	h.caller(t, "eve@example.com")
	for _, test := range []struct {
		account, email, password string
		status                   int
		text                     string
	}{
		{"new", "bob", "correct horse battery", 400, `id="email-problem"`},
		{"new", "", "correct horse battery", 400, `id="email-problem"`},
		{"new", "bob@example.com", "", 400, `id="password-problem"`},
		{"new", "bob@example.com", "short", 422, `id="password-problem"`},
		{"new", "mallory@example.com", "correct horse battery", 403, `role="alert"`}, // the invitation is for another address
		{"existing", "eve@example.com", "correct horse battery", 403, `role="alert"`},
		{"existing", "eve@example.com", "no such horse", 401, `role="alert"`},
	} {
		page := h.submit(t, token, test.account, test.email, test.password).isPage(t, test.status, test.text)
		for _, want := range []string{`value="` + token + `"`, `value="` + test.account + `"`, `value="` + test.email + `"`} {
			if !strings.Contains(page.body, want) {
				t.Errorf("%s %q %q: the form lacks %s", test.account, test.email, test.password, want)
			}
		}
		if test.password != "" && strings.Contains(page.body, test.password) {
			t.Errorf("the page has the password %s", test.password)
		}
	}
	if role := h.roleIn(t, "acme", "eve@example.com"); role == "admin" {
		t.Error("eve became a member")
	}
}

func TestATakenAddressLeadsToTheSignIn(t *testing.T) {
	h, token := openWithInvitation(t, "")
	h.caller(t, "bob@example.com")
	h.submit(t, token, "new", "bob@example.com", "correct horse battery").isPage(t, 409, "Sign in and accept")
}

func TestTheFormIsReadFromTheBodyAlone(t *testing.T) {
	h, token := openWithInvitation(t, "")
	query := "?token=" + token + "&account=new&email=bob%40example.com&password=correct+horse+battery"
	h.send(t, http.MethodPost, invitationpage.FormPath+query, "", asForm).isPage(t, 404, "ask for a new one")
	h.send(t, http.MethodPost, invitationpage.FormPath, `{"token":"`+token+`"}`, "Content-Type: application/json").isProblem(t, 415, "unsupported_media_type", "Content-Type")
	h.send(t, http.MethodPost, invitationpage.FormPath, "token=%zz", asForm).isProblem(t, 400, "invalid", "")
	h.send(t, http.MethodPost, invitationpage.FormPath, "token="+strings.Repeat("a", 2<<20), asForm).isProblem(t, 413, "too_large", "")
}

func TestTheLogHasNothingOfTheForm(t *testing.T) {
	h, token := openWithInvitation(t, "")
	h.get(t, "/invitations/accept?token="+token)
	h.submit(t, token, "new", "bob@example.com", "short")
	h.submit(t, token, "new", "bob@example.com", "correct horse battery")
	waitUntil(t, func() bool { return len(h.lines(t)) == 3 })
	for _, secret := range []string{token, "bob@example.com", "correct", "short"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, h.log)
		}
	}
	last := h.lines(t)[2]
	if last["route"] != invitationpage.FormPath || last["tenant"] != "acme" || last["subject"] == nil {
		t.Errorf("the line is %v", last)
	}
}

func TestThePageWorksWithCORSAndBelowAPrefix(t *testing.T) {
	h, token := openWithInvitation(t, "")
	page := h.get(t, "/invitations/accept?token="+token, "Origin: https://evil.example").isPage(t, 200, ">acme<")
	if page.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page of another origin may read it")
	}
	at := domain.Must(url.Parse("https://shop.example/pw" + invitationpage.Path + "?token=x"))
	for _, link := range regexp.MustCompile(`(?:href|action)="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		if to := at.ResolveReference(domain.Must(url.Parse(link[1]))); !strings.HasPrefix(to.Path, "/pw/invitations/accept") {
			t.Errorf("%s leads to %s", link[1], to)
		}
	}
	form := url.Values{"token": {token}, "account": {"new"}, "email": {"bob@example.com"}, "password": {"correct horse battery"}}
	h.send(t, http.MethodPost, invitationpage.FormPath, form.Encode(), asForm, "Origin: null").isPage(t, 200, "You have an account now")
}

func TestUnknownTokensAreLimitedOnThePageToo(t *testing.T) {
	h, token := openWithInvitation(t, "")
	for range invitations.TokensPerAddress {
		h.get(t, "/invitations/accept?token=guess").isPage(t, 404, "ask for a new one")
	}
	if got := h.get(t, "/invitations/accept?token="+token).isPage(t, 429, "This did not work"); got.header.Get("Retry-After") == "" {
		t.Error("the answer has no Retry-After")
	}
}
