package app_test

import (
	"context"
	"fmt"
	"html/template"
	"strings"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/ports"
)

// reset is the product's own mail. Package html/template escapes what it contains.
var reset = template.Must(template.New("").Parse(`<h1>Invoices</h1><p>Ihr Code: <b>{{.Code.Reveal}}</b></p>`))

// renderMail writes the mail about a new password, and leaves all others to Partywall.
func renderMail(ctx context.Context, n ports.Notification) (mails.Content, error) {
	switch n := n.(type) {
	case ports.PasswordReset:
		var page strings.Builder
		err := reset.Execute(&page, n)
		return mails.Content{Subject: "Ihr neues Passwort", Text: "Ihr Code: " + n.Code.Reveal(), HTML: page.String()}, err
	default:
		return mails.Default(ctx, n)
	}
}

// A product writes mails in its own words and design.
func ExampleConfig_renderMail() {
	ctx, outbox := context.Background(), &memory.Mailbox{} // a real product leaves Mail to SES, or has a mailer of its own
	pw := domain.Must(app.New(ctx, app.Config{Memory: true, RequireConfirmation: true, Mail: outbox, RenderMail: renderMail}))
	defer pw.Close()

	email := domain.Must(domain.ParseEmail("ada@acme.example"))
	domain.Must(pw.Identities.SignUp(ctx, limits.Address{}, identities.SignUp{Email: email, Password: password}))
	if err := pw.Identities.ForgotPassword(ctx, limits.Address{}, email); err != nil {
		panic(err)
	}
	for _, mail := range outbox.Sent() {
		fmt.Println(mail.To, mail.Subject)
	}
	last, _ := outbox.Last(email)
	fmt.Println(strings.ReplaceAll(last.HTML, last.Secret.Reveal(), "12345678"))
	// Output:
	// ada@acme.example Confirm your address
	// ada@acme.example Ihr neues Passwort
	// <h1>Invoices</h1><p>Ihr Code: <b>12345678</b></p>
}
