package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Mailbox is a [ports.Mailer] that keeps the mail that was sent.
type Mailbox struct {
	Breakable

	mu   sync.Mutex
	sent []ports.Mail
}

// Ready implements [ports.Dependency].
func (m *Mailbox) Ready(ctx context.Context) error {
	return m.ready(ctx, domain.Errorf(domain.Unavailable, "mail cannot be sent now").WithRetryAfter(time.Second))
}

// Send implements [ports.Mailer].
func (m *Mailbox) Send(ctx context.Context, mail ports.Mail) error {
	if err := mail.Validate(); err != nil {
		return err
	}
	if err := m.Ready(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, mail)
	return nil
}

// Sent returns all mail, the first one first.
func (m *Mailbox) Sent() []ports.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

// Last returns the last mail to an address, and false if there was none.
func (m *Mailbox) Last(to domain.Email) (ports.Mail, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range slices.Backward(m.sent) {
		if mail.To.Equal(to) {
			return mail, true
		}
	}
	return ports.Mail{}, false
}
