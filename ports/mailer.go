package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// Mailer delivers mail.
type Mailer interface {
	// Send hands mail over for delivery. Its success does not mean that the mail
	// arrives. Mail that breaks a rule of mail, such as a subject of more than one line,
	// is [domain.Invalid].
	Send(ctx context.Context, mail Mail) error
}

// Mail is a message of plain text to one person.
type Mail struct {
	To      domain.Email
	Subject string
	Text    string        // without the secret
	Secret  domain.Secret // a code or token, set below the text on a line of its own; may be empty
}
