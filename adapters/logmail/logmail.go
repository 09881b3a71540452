// Package logmail sends no mail: it writes each mail to the log, where a person who
// tries the program out finds it.
package logmail

import (
	"context"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Mailer implements [ports.Mailer] by one line in the log for each mail.
type Mailer struct {
	Logger *slog.Logger

	// ShowSecrets adds codes and tokens to the lines. It is for built-in identities
	// only, because a reader of the log can then sign in as any user.
	ShowSecrets bool
}

var _ ports.Mailer = (*Mailer)(nil)

// Send logs mail on one line, with its secret at the end if ShowSecrets is set.
func (m *Mailer) Send(ctx context.Context, mail ports.Mail) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := mail.To.Require(); err != nil {
		return err
	}
	if !utf8.ValidString(mail.Subject) || strings.ContainsFunc(mail.Subject, unicode.IsControl) {
		return domain.Invalidf("subject", "a subject is one line of UTF-8 without control characters")
	}
	line := []any{"to", mail.To.String(), "subject", mail.Subject, "text", mail.Text}
	if m.ShowSecrets && !mail.Secret.IsZero() {
		line = append(line, "code", mail.Secret.Reveal())
	}
	m.Logger.InfoContext(ctx, "mail", line...)
	return nil
}
