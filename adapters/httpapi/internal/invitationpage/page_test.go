package invitationpage_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/invitationpage"
	"github.com/partywall-go/partywall/domain"
)

// hostile would change the page if it were not escaped.
const hostile = `</p><a href='//evil.example'>"&amp;<script>alert(1)</script><!-- ]]>`

// document is what the tests read of a page.
type document struct {
	Lang  string `xml:"lang,attr"`
	Title string `xml:"head>title"`
	Style string `xml:"head>style"`
	Main  struct {
		Heading string   `xml:"h1"`
		Terms   []string `xml:"dl>dt"`
		Values  []string `xml:"dl>dd"`
		Alerts  []alert  `xml:"p"`
		Form    struct {
			Method string  `xml:"method,attr"`
			Action string  `xml:"action,attr"`
			Labels []label `xml:"label"`
			Inputs []field `xml:"input"`
			Alerts []alert `xml:"p"`
			Button string  `xml:"button"`
		} `xml:"form"`
		Elements []struct{ XMLName xml.Name } `xml:",any"`
	} `xml:"body>main"`
}

type alert struct {
	ID   string `xml:"id,attr"`
	Role string `xml:"role,attr"`
	Text string `xml:",chardata"`
	Link struct {
		To string `xml:"href,attr"`
	} `xml:"a"`
}

type label struct {
	For  string `xml:"for,attr"`
	Text string `xml:",chardata"`
}

type field struct {
	ID           string `xml:"id,attr"`
	Name         string `xml:"name,attr"`
	Value        string `xml:"value,attr"`
	Type         string `xml:"type,attr"`
	Autocomplete string `xml:"autocomplete,attr"`
	Invalid      string `xml:"aria-invalid,attr"`
	DescribedBy  string `xml:"aria-describedby,attr"`
}

func read(t *testing.T, html string) (d document) {
	t.Helper()
	if err := xml.Unmarshal([]byte(html), &d); err != nil {
		t.Fatalf("%v\n%s", err, html)
	}
	if d.Lang != "en" || d.Title == "" || d.Main.Heading == "" {
		t.Errorf("it lacks its language, its title or its heading: %s", html)
	}
	return d
}

func (d document) field(t *testing.T, name string) field {
	t.Helper()
	for _, f := range d.Main.Form.Inputs {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("the form has no field %s", name)
	return field{}
}

var offer = invitationpage.Form{
	Offer: invitationpage.Offer{
		Tenant:     domain.Must(domain.ParseTenantID("acme")),
		TenantName: "Acme & Söhne",
		Role:       domain.RoleAdmin,
		InvitedBy:  domain.Must(domain.ParseEmail("o'brien&co@example.com")),
		Email:      "b***@e***",
		ExpiresAt:  time.Date(2026, 2, 3, 16, 5, 0, 0, time.FixedZone("", 3600)),
	},
	Token: domain.NewSecret("TOKEN"),
}

func TestTheFormShowsTheOfferAndAsksForAnAccount(t *testing.T) {
	for existing, want := range map[bool][3]string{false: {"new", "new-password", "account=existing"}, true: {"existing", "current-password", "account=new"}} {
		f := offer
		f.Existing = existing
		d := read(t, f.HTML())
		if got := strings.Join(d.Main.Values, "|"); !strings.Contains(got, "Acme & Söhne (acme)|admin|o'brien&co@example.com|b***@e***|") {
			t.Errorf("the offer is %s", got)
		}
		form := d.Main.Form
		if !strings.EqualFold(form.Method, http.MethodPost) || form.Action != "accept-form" || form.Button == "" {
			t.Errorf("the form is %+v", form)
		}
		if d.field(t, "token").Value != "TOKEN" || d.field(t, "account").Value != want[0] {
			t.Errorf("the fields are %+v", form.Inputs)
		}
		if got := d.field(t, "password"); got.Type != "password" || got.Autocomplete != want[1] || got.Value != "" {
			t.Errorf("the password is %+v", got)
		}
		if got := d.field(t, "email"); got.Type != "email" || got.Autocomplete != "username" {
			t.Errorf("the address is %+v", got)
		}
		for i, l := range form.Labels {
			if l.For != []string{"email", "password"}[i] || l.Text == "" {
				t.Errorf("label %d is %+v", i, l)
			}
		}
		last := d.Main.Alerts[len(d.Main.Alerts)-1]
		if !strings.Contains(last.Link.To, want[2]) || !strings.HasPrefix(last.Link.To, "accept?") || !strings.Contains(last.Link.To, "token=TOKEN") {
			t.Errorf("the other form is at %q", last.Link.To)
		}
	}
}

func TestAnOfferWithoutInviterAndAddressLacksBoth(t *testing.T) {
	f := offer
	f.InvitedBy, f.Offer.Email, f.TenantName = domain.Email{}, "", "acme"
	d := read(t, f.HTML())
	if strings.Join(d.Main.Terms, "|") != "Tenant|Your role|Open until" || d.Main.Values[0] != "acme" {
		t.Errorf("the terms are %q, %q", d.Main.Terms, d.Main.Values)
	}
}

// TestANameDoesNotChangeTheID shows names with marks that reverse what follows them.
func TestANameDoesNotChangeTheID(t *testing.T) {
	for name, want := range map[string]string{
		"Bank\u202e":             "Bank (acme)",
		"Bank\u2069\u202e\u2066": "Bank (acme)",
		"می\u200cخواهم \u200f":   "می\u200cخواهم  (acme)", // the joiner belongs to the word
	} {
		f := offer
		f.TenantName = name
		if got := read(t, f.HTML()).Main.Values[0]; got != want {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
}

func TestAProblemStandsByItsField(t *testing.T) {
	for _, name := range []string{"email", "password"} {
		f := offer
		f.Field, f.Problem, f.Email = name, "it is wrong", "bob@example.com"
		d := read(t, f.HTML())
		bad := d.field(t, name)
		if bad.Invalid != "true" || bad.DescribedBy != name+"-problem" {
			t.Errorf("the field is %+v", bad)
		}
		if alerts := d.Main.Form.Alerts; len(alerts) != 1 || alerts[0].ID != bad.DescribedBy || alerts[0].Role != "alert" || alerts[0].Text != "it is wrong" {
			t.Errorf("the form has %+v", alerts)
		}
		if d.field(t, "email").Value != "bob@example.com" {
			t.Error("the address has to be typed again")
		}
	}
	f := offer
	f.Field, f.Problem = "invitationToken", "it is wrong"
	if d := read(t, f.HTML()); len(d.Main.Form.Alerts) != 0 || d.Main.Alerts[0].Role != "alert" || d.Main.Alerts[0].Text != "it is wrong" {
		t.Errorf("a problem of no field: %+v", d.Main)
	}
}

func TestAllTextIsEscaped(t *testing.T) {
	clean := offer
	clean.Problem, clean.Field, clean.Email = "p", "email", "e"
	bad := clean
	bad.TenantName, bad.Offer.Email, bad.Email, bad.Problem, bad.Token, bad.Role = hostile, hostile, hostile, hostile, domain.NewSecret(hostile), domain.Role(hostile)
	d := read(t, bad.HTML())
	if len(d.Main.Elements) != len(read(t, clean.HTML()).Main.Elements) || strings.Contains(bad.HTML(), "<script") {
		t.Errorf("the text has become markup: %s", bad.HTML())
	}
	if d.Main.Heading != "Invitation to "+hostile || d.Main.Form.Alerts[0].Text != hostile || d.field(t, "email").Value != hostile || d.field(t, "token").Value != hostile {
		t.Errorf("the text was changed: %+v", d.Main)
	}
	link := domain.Must(url.Parse(d.Main.Alerts[len(d.Main.Alerts)-1].Link.To))
	if link.Host != "" || link.Query().Get("token") != hostile {
		t.Errorf("the link is %s", link)
	}
	if m := read(t, invitationpage.Message(hostile, hostile)); m.Main.Heading != hostile || m.Main.Alerts[0].Text != hostile {
		t.Errorf("the message was changed: %+v", m.Main)
	}
}

func TestThePolicyAllowsTheStyle(t *testing.T) {
	style := read(t, offer.HTML()).Style
	if policy := invitationpage.Policy(); style == "" || !strings.Contains(policy, "'sha256-"+hashOf(style)+"'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
}

func hashOf(style string) string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}
