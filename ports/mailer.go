package ports

import (
	"context"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
)

// Mailer delivers mail.
type Mailer interface {
	// Send hands mail over for delivery. Its success does not mean that the mail
	// arrives. A mail that [Mail.Validate] refuses is [domain.Invalid], and so is one that
	// the mail server finds malformed.
	Send(ctx context.Context, mail Mail) error
}

// Mail is a message to one person. It prints without its Text and HTML, which may
// contain a secret.
type Mail struct {
	To      domain.Email
	Subject string // one line
	Text    string // in plain text
	HTML    string // the Text as an HTML document, for readers that show one; may be empty

	// Secret is the code or the link in Text and HTML that only the recipient may have;
	// zero if there is none. Tests read it. A log must contain neither it nor the Text of
	// its mail.
	Secret domain.Secret
}

// Validate returns a [domain.Invalid] error on field "email", "subject", "text" or
// "html" for a mail that lacks its address, its subject or its text, and for one with
// text that would change the structure of the mail.
func (m Mail) Validate() error {
	if err := m.To.Require(); err != nil {
		return err
	}
	switch {
	case m.Subject == "" || !isOneLine(m.Subject):
		return domain.Invalidf("subject", "a subject is one line of UTF-8 without control characters")
	case m.Text == "" || !isMailText(m.Text):
		return domain.Invalidf("text", "the text of a mail is UTF-8 without NUL, and not empty")
	case !isMailText(m.HTML):
		return domain.Invalidf("html", "the HTML of a mail is UTF-8 without NUL")
	}
	return nil
}

func isOneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func isMailText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// String returns the address and the subject.
func (m Mail) String() string { return m.To.String() + ": " + m.Subject }

// LogValue is [Mail.String], for log/slog.
func (m Mail) LogValue() slog.Value { return slog.StringValue(m.String()) }
