package porttest

import (
	"context"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Mailbox is a mailer and the mail that it delivers.
type Mailbox struct {
	Mailer ports.Mailer

	// Last returns the text of the last message, as it was delivered, and "" if
	// none was.
	Last func(t *testing.T) string

	// LastHTML returns the HTML of the last message, and "" if it had none. Nil: the
	// mailer delivers the text alone.
	LastHTML func(t *testing.T) string
}

// Mailer runs the contract of [ports.Mailer].
func Mailer(t *testing.T, open func(t *testing.T) Mailbox) {
	t.Run("a text is delivered as it was written", func(t *testing.T) {
		for _, text := range mailTexts {
			box, mail := open(t), newMail(t)
			mail.Text, mail.HTML = text, ""
			mustDo(t, box.Mailer.Send(t.Context(), mail))
			mustDeliver(t, box, mail)
		}
	})
	t.Run("HTML is delivered beside the text", func(t *testing.T) {
		for _, text := range mailTexts {
			box, mail := open(t), newMail(t)
			mail.HTML = "<p>" + text + "</p>"
			mustDo(t, box.Mailer.Send(t.Context(), mail))
			mustDeliver(t, box, mail)
		}
	})
	t.Run("a mail need not have a secret", func(t *testing.T) {
		box, mail := open(t), newMail(t)
		mail.Secret = domain.Secret{}
		mustDo(t, box.Mailer.Send(t.Context(), mail))
		mustDeliver(t, box, mail)
	})
	t.Run("a subject may be in any language", func(t *testing.T) {
		box, mail := open(t), newMail(t)
		mail.Subject = "Wëlcome to 株式会社 🥐"
		mustDo(t, box.Mailer.Send(t.Context(), mail))
		mustDeliver(t, box, mail)
	})
	for what, bad := range brokenMails {
		t.Run(what+" is refused, and nothing is sent", func(t *testing.T) {
			box, mail := open(t), newMail(t)
			before := box.Last(t)
			bad.change(&mail)
			err := box.Mailer.Send(t.Context(), mail)
			mustBeOn(t, err, bad.field, domain.Invalid)
			mustHide(t, err, mail.Secret)
			if got := box.Last(t); got != before {
				t.Errorf("sent %q", got)
			}
		})
	}
	t.Run("many callers may send at once", func(t *testing.T) {
		box := open(t)
		for _, err := range race(func(int) error { return box.Mailer.Send(t.Context(), newMail(t)) }) {
			mustDo(t, err)
		}
	})

	heedContext(t, func(ctx context.Context) error { return open(t).Mailer.Send(ctx, newMail(t)) })
}

var mailTexts = []string{
	"Zoë, 你好, שלום 🥐",
	".\n.. a line of dots\n.",
	"=3D is no escape, =\nand neither is %0A or &amp;",
	"From the first line on.\nBcc: eve@example.com",
	strings.Repeat("long ", 400) + "line",
}

var brokenMails = map[string]struct {
	change func(*ports.Mail)
	field  string
}{
	"a mail without a recipient":     {func(m *ports.Mail) { m.To = domain.Email{} }, "email"},
	"a mail without a subject":       {func(m *ports.Mail) { m.Subject = "" }, "subject"},
	"a subject of two lines":         {func(m *ports.Mail) { m.Subject = "Hello\nBcc: eve@example.com" }, "subject"},
	"a subject with CRLF":            {func(m *ports.Mail) { m.Subject = "Hello\r\nBcc: eve@example.com" }, "subject"},
	"a subject with CR":              {func(m *ports.Mail) { m.Subject = "Hello\rBcc: eve@example.com" }, "subject"},
	"a subject that ends with LF":    {func(m *ports.Mail) { m.Subject = "Hello\n" }, "subject"},
	"a subject that starts with LF":  {func(m *ports.Mail) { m.Subject = "\n\nHello" }, "subject"},
	"a subject with NUL":             {func(m *ports.Mail) { m.Subject = "Hello\x00" }, "subject"},
	"a subject with a separator":     {func(m *ports.Mail) { m.Subject = "Hello\u2028you" }, "subject"},
	"a subject that is not in UTF-8": {func(m *ports.Mail) { m.Subject = "\xff" }, "subject"},
	"a mail without a text":          {func(m *ports.Mail) { m.Text = "" }, "text"},
	"a text with NUL":                {func(m *ports.Mail) { m.Text = "a\x00" }, "text"},
	"a text that is not in UTF-8":    {func(m *ports.Mail) { m.Text = "\xff" }, "text"},
	"HTML with NUL":                  {func(m *ports.Mail) { m.HTML = "a\x00" }, "html"},
	"HTML that is not in UTF-8":      {func(m *ports.Mail) { m.HTML = "\xff" }, "html"},
}

func newMail(t *testing.T) ports.Mail {
	t.Helper()
	code := newSecret()
	return ports.Mail{
		To:      newEmail(t),
		Subject: "Your code",
		Text:    "Your code is below.\n\n" + code.Reveal() + "\n",
		HTML:    "<p>Your code:</p><p>" + code.Reveal() + "</p>",
		Secret:  code,
	}
}

func newSecret() domain.Secret { return domain.NewSecret(unique()) }

// mustDeliver fails unless the mail is the last message.
func mustDeliver(t *testing.T, box Mailbox, mail ports.Mail) {
	t.Helper()
	unix := strings.NewReplacer("\r\n", "\n")
	if got := unix.Replace(box.Last(t)); strings.TrimSpace(got) != strings.TrimSpace(mail.Text) {
		t.Errorf("delivered %q, want %q", got, mail.Text)
	}
	if box.LastHTML == nil {
		return
	}
	if got := unix.Replace(box.LastHTML(t)); strings.TrimSpace(got) != strings.TrimSpace(mail.HTML) {
		t.Errorf("delivered the HTML %q, want %q", got, mail.HTML)
	}
}
