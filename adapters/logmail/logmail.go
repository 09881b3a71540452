// Package logmail sends no mail: it writes each mail to the log, where a person who
// tries the program out finds it.
package logmail

import (
	"context"
	"log/slog"

	"github.com/partywall-go/partywall/ports"
)

// Mailer implements [ports.Mailer] by one line in the log for each mail.
type Mailer struct {
	Logger *slog.Logger

	// ShowSecrets logs mails with codes and links in full. It is for built-in identities
	// only, because a reader of the log can then sign in as any user.
	ShowSecrets bool
}

var _ ports.Mailer = (*Mailer)(nil)

// Send logs mail on one line, without its HTML. If the mail has a secret, the line has
// the text and the secret only if ShowSecrets is set.
func (m *Mailer) Send(ctx context.Context, mail ports.Mail) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := mail.Validate(); err != nil {
		return err
	}
	line := []any{"to", mail.To.String(), "subject", mail.Subject}
	if mail.Secret.IsZero() || m.ShowSecrets {
		line = append(line, "text", mail.Text)
	}
	if !mail.Secret.IsZero() && m.ShowSecrets {
		line = append(line, "code", mail.Secret.Reveal())
	}
	m.Logger.InfoContext(ctx, "mail", line...)
	return nil
}
