package local

import (
	"context"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MailLog implements [ports.Mailer] by one line in the log for each mail, where a
// person who tries things out finds it.
type MailLog struct {
	Logger *slog.Logger

	// ShowSecrets puts codes and tokens in the log. It is for built-in identities
	// only: whoever reads the log can then sign in as anybody.
	ShowSecrets bool
}

var _ ports.Mailer = (*MailLog)(nil)

// Send logs mail on one line, and its secret at the end if secrets are to be shown.
func (m *MailLog) Send(ctx context.Context, mail ports.Mail) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case mail.To.IsZero():
		return errNoEmail
	case !utf8.ValidString(mail.Subject), strings.ContainsFunc(mail.Subject, unicode.IsControl):
		return domain.Invalidf("subject", "a subject is one line of UTF-8 without control characters")
	}
	line := []any{"to", mail.To.String(), "subject", mail.Subject, "text", mail.Text}
	if m.ShowSecrets && !mail.Secret.IsZero() {
		line = append(line, "code", mail.Secret.Reveal())
	}
	m.Logger.InfoContext(ctx, "mail", line...)
	return nil
}
