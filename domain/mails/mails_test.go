package mails_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
)

var (
	ada  = domain.Must(domain.ParseEmail("ada@example.com"))
	acme = domain.Must(domain.ParseTenantID("acme"))
	bob  = domain.Must(domain.ParseEmail("o'brien&co@example.com"))
	code = domain.NewSecret("12345678")
	link = domain.NewSecret("https://app.example.com/join?lang=en&token=ABC")
)

// all has a notification of each type, with what its mail must say.
var all = map[ports.Notification][]string{
	ports.AddressConfirmation{To: ada, Code: code, ExpiresIn: 10 * time.Minute}: {"10 minutes", "12345678"},
	ports.PasswordReset{To: ada, Code: code, ExpiresIn: time.Minute}:            {"1 minute:", "12345678"},
	ports.SignInCode{To: ada, Code: code, ExpiresIn: 3 * time.Minute}:           {"3 minutes", "12345678"},
	ports.TenantWelcome{To: ada, Tenant: acme}:                                  {"owner of the tenant acme"},
	ports.TenantInvitation{To: ada, Tenant: acme, Role: domain.RoleAdmin, InvitedBy: bob, ExpiresAt: time.Date(2026, 2, 3, 16, 5, 0, 0, time.FixedZone("", 3600)), Link: link}: {
		"o'brien&co@example.com invites you to the tenant acme in the role admin", "until 3 February 2026, 15:05 UTC", link.Reveal(),
	},
	ports.TenantInvitation{To: ada, Tenant: acme, Role: domain.RoleViewer, Link: link}: {"You are invited to the tenant acme in the role viewer"},
}

func TestEachNotificationIsAMailInTextAndHTML(t *testing.T) {
	for n, says := range all {
		t.Run(fmt.Sprintf("%T", n), func(t *testing.T) {
			box := &memory.Mailbox{}
			if err := (&mails.Service{Mailer: box}).Notify(t.Context(), n); err != nil {
				t.Fatal(err)
			}
			mail, sent := box.Last(ada)
			if !sent || mail.Secret != n.Secret() {
				t.Fatalf("sent %v with the secret %q", mail, mail.Secret.Reveal())
			}
			mustSay(t, mail.Text, says)
			mustSay(t, textOf(t, mail.HTML), says)
			if got, want := strings.Fields(textOf(t, mail.HTML)), strings.Fields(mail.Subject+" "+mail.Text); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("the alternatives differ:\n%q\n%q", got, want)
			}
		})
	}
}

func mustSay(t *testing.T, text string, says []string) {
	t.Helper()
	for _, what := range says {
		if !strings.Contains(text, what) {
			t.Errorf("it lacks %q: %s", what, text)
		}
	}
}

// textOf returns what a reader of the document sees. It fails if an element or an
// attribute is not closed.
func textOf(t *testing.T, document string) string {
	t.Helper()
	var text strings.Builder
	for dec := xml.NewDecoder(strings.NewReader(document)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("the HTML is malformed: %v\n%s", err, document)
		}
		if data, is := token.(xml.CharData); is {
			text.Write(data)
			text.WriteString(" ")
		}
	}
}

func TestAProductWritesItsOwnMails(t *testing.T) {
	box := &memory.Mailbox{}
	service := &mails.Service{Mailer: box, Render: func(ctx context.Context, n ports.Notification) (mails.Content, error) {
		if n, is := n.(ports.TenantWelcome); is {
			return mails.Content{Subject: "Hello", Text: "Hello " + n.Tenant.String()}, nil
		}
		return mails.Default(ctx, n)
	}}
	notify := func(n ports.Notification) ports.Mail {
		t.Helper()
		if err := service.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		mail, _ := box.Last(ada)
		return mail
	}
	if mail := notify(ports.TenantWelcome{To: ada, Tenant: acme}); mail.Text != "Hello acme" || mail.HTML != "" {
		t.Errorf("sent %q, %q", mail.Text, mail.HTML)
	}
	if mail := notify(ports.SignInCode{To: ada, Code: code}); mail.Subject != "Your code to sign in" {
		t.Errorf("sent %v", mail)
	}
}

func TestAMailThatCannotBeWrittenIsNotSent(t *testing.T) {
	box, busy := &memory.Mailbox{}, errors.New("the templates are gone")
	failing := &mails.Service{Mailer: box, Render: func(context.Context, ports.Notification) (mails.Content, error) {
		return mails.Content{}, busy
	}}
	if err := failing.Notify(t.Context(), ports.TenantWelcome{To: ada, Tenant: acme}); !errors.Is(err, busy) {
		t.Errorf("got %v", err)
	}
	empty := &mails.Service{Mailer: box, Render: func(context.Context, ports.Notification) (mails.Content, error) {
		return mails.Content{}, nil
	}}
	for name, service := range map[string]*mails.Service{"an empty mail": empty, "an unknown notification": {Mailer: box}} {
		if err := service.Notify(t.Context(), unknown{}); !errors.Is(err, domain.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := box.Sent(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

type unknown struct{}

func (unknown) Recipient() domain.Email { return ada }
func (unknown) Secret() domain.Secret   { return domain.Secret{} }

func TestAMailPrintsWithoutItsText(t *testing.T) {
	box := &memory.Mailbox{}
	if err := (&mails.Service{Mailer: box}).Notify(t.Context(), ports.SignInCode{To: ada, Code: code}); err != nil {
		t.Fatal(err)
	}
	mail, _ := box.Last(ada)
	for _, printed := range []string{fmt.Sprint(mail), fmt.Sprintf("%+v", mail), mail.LogValue().String()} {
		if printed != "ada@example.com: Your code to sign in" {
			t.Errorf("printed %q", printed)
		}
	}
}
