package mails

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Consumer sends the mails that events cause. Its Handle is the handler of a consumer of
// events, so that no mail is lost when a process ends. A mail may be sent twice.
type Consumer struct {
	Notifier ports.Notifier
	Report   func(error)      // handles what is no reason to try again; nil drops it
	Now      func() time.Time // nil: [time.Now]
}

const (
	// maxAge is the age of the oldest event that still causes a mail: a weekend, after
	// which the operator may repair what kept mails back. A consumer that starts again
	// with the oldest event sends no older mail twice.
	maxAge = 72 * time.Hour

	sendTimeout = 30 * time.Second // of one mail
)

// Handle sends the mail that the event causes, if any. The mail of an event that is older
// than three days is not sent, which Report gets.
func (c *Consumer) Handle(ctx context.Context, event domain.Event) error {
	n, err := c.notification(event)
	if n == nil || err != nil {
		return err
	}
	if age := c.now().Sub(event.At); age > maxAge {
		c.report(fmt.Errorf("no mail was sent for event %d (%s of %s), because it is %.0f hours old", event.ID, event.Kind, event.Tenant, age.Hours()))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return c.Notifier.Notify(ctx, n)
}

// notification returns what the mail of the event is about, and nil if it has none.
func (c *Consumer) notification(event domain.Event) (ports.Notification, error) {
	if event.Kind.BeginsTenant() {
		return welcomeOf(event)
	}
	return nil, nil
}

// welcomeOf returns nil if the address of the new owner is not confirmed, or unknown.
func welcomeOf(event domain.Event) (ports.Notification, error) {
	var data domain.TenantEventData
	if err := event.Decode(&data); err != nil {
		return nil, domain.Invalidf("data", "the data of the event cannot be read").WithCause(err)
	}
	if data.Email == "" {
		return nil, nil
	}
	to, err := domain.ParseEmail(data.Email)
	if err != nil {
		return nil, err
	}
	return ports.TenantWelcome{To: to, Tenant: event.Tenant}, nil
}

func (c *Consumer) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Consumer) report(err error) {
	if c.Report != nil {
		c.Report(err)
	}
}
