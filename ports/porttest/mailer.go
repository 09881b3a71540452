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
}

// Mailer runs the contract of [ports.Mailer].
func Mailer(t *testing.T, open func(t *testing.T) Mailbox) {
	t.Run("the secret stands below the text", func(t *testing.T) {
		box := open(t)
		mustDo(t, box.Mailer.Send(t.Context(), newMail(t)))
		mustDeliver(t, box, "Your code is below.\n\nIt is good for ten minutes.", "12345678")
	})
	t.Run("a secret may be missing", func(t *testing.T) {
		box, mail := open(t), newMail(t)
		mail.Secret = domain.Secret{}
		mustDo(t, box.Mailer.Send(t.Context(), mail))
		mustDeliver(t, box, mail.Text, "")
		if got := box.Last(t); strings.Contains(got, domain.NewSecret("x").String()) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a text is delivered as it was written", func(t *testing.T) {
		for _, text := range []string{
			"Zoë, 你好, שלום 🥐",
			".\n.. a line of dots\n.",
			"=3D is no escape, =\nand neither is %0A or &amp;",
			"From the first line on.\nBcc: eve@example.com",
			strings.Repeat("long ", 400) + "line",
		} {
			box, mail := open(t), newMail(t)
			mail.Text = text
			mustDo(t, box.Mailer.Send(t.Context(), mail))
			mustDeliver(t, box, text, "12345678")
		}
	})
	t.Run("a subject may be in any language", func(t *testing.T) {
		box, mail := open(t), newMail(t)
		mail.Subject = "Wëlcome to 株式会社 🥐"
		mustDo(t, box.Mailer.Send(t.Context(), mail))
		mustDeliver(t, box, mail.Text, "12345678")
	})
	t.Run("a subject of more than one line is refused, and nothing is sent", func(t *testing.T) {
		for _, subject := range []string{"Hello\nBcc: eve@example.com", "Hello\r\nBcc: eve@example.com", "Hello\rBcc: eve@example.com", "Hello\n", "\r\n\r\nHello"} {
			box, mail := open(t), newMail(t)
			mail.Subject, mail.Text = subject, "Refused "+unique()
			err := box.Mailer.Send(t.Context(), mail)
			mustBe(t, err, domain.Invalid)
			mustHide(t, err, mail.Secret)
			if got := box.Last(t); strings.Contains(got, mail.Text) {
				t.Errorf("%q was sent: %q", subject, got)
			}
		}
	})
	t.Run("mail without a recipient is refused", func(t *testing.T) {
		mail := newMail(t)
		mail.To = domain.Email{}
		mustBeOn(t, open(t).Mailer.Send(t.Context(), mail), "email", domain.Invalid)
	})
	t.Run("many callers may send at once", func(t *testing.T) {
		box := open(t)
		for _, err := range race(func(int) error { return box.Mailer.Send(t.Context(), newMail(t)) }) {
			mustDo(t, err)
		}
	})

	heedContext(t, func(ctx context.Context) error { return open(t).Mailer.Send(ctx, newMail(t)) })
}

func newMail(t *testing.T) ports.Mail {
	t.Helper()
	return ports.Mail{
		To:      newEmail(t),
		Subject: "Your code",
		Text:    "Your code is below.\n\nIt is good for ten minutes.",
		Secret:  domain.NewSecret("12345678"),
	}
}

// mustDeliver fails unless the last message has text, and secret on a line of
// its own below it.
func mustDeliver(t *testing.T, box Mailbox, text, secret string) {
	t.Helper()
	got := strings.ReplaceAll(box.Last(t), "\r\n", "\n")
	_, below, found := strings.Cut(got, text)
	if !found {
		t.Fatalf("delivered %q, want %q", got, text)
	}
	if secret == "" {
		return
	}
	if before, _, found := strings.Cut(below, secret); !found || !strings.HasSuffix(before, "\n") {
		t.Errorf("delivered %q, want %q on a line of its own below the text", got, secret)
	}
}
