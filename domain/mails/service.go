// Package mails writes the mails of Partywall itself and sends them.
package mails

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/ports"
)

// Service implements [ports.Notifier] over a [ports.Mailer].
type Service struct {
	Mailer ports.Mailer
	Render Renderer // nil: [Default]
}

var _ ports.Notifier = (*Service)(nil)

// Renderer writes the mail about n. The mail goes to n's recipient alone, whatever its
// content. A renderer that has no content of its own for n returns that of [Default].
type Renderer func(ctx context.Context, n ports.Notification) (Content, error)

// Content is what a mail says.
type Content struct {
	Subject string // one line
	Text    string // in plain text
	HTML    string // the Text as an HTML document; empty: the mail has plain text alone
}

// Notify implements [ports.Notifier].
func (s *Service) Notify(ctx context.Context, n ports.Notification) error {
	render := s.Render
	if render == nil {
		render = Default
	}
	content, err := render(ctx, n)
	if err != nil {
		return fmt.Errorf("write the mail (%T): %w", n, err)
	}
	return s.Mailer.Send(ctx, ports.Mail{
		To:      n.Recipient(),
		Subject: content.Subject,
		Text:    content.Text,
		HTML:    content.HTML,
		Secret:  n.Secret(),
	})
}
