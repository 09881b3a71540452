package mails

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

// Consumer sends the mails that events cause. Its Handle is the handler of a consumer of
// events, so that no mail is lost when a process ends. A mail may be sent twice.
type Consumer struct {
	Notifier    ports.Notifier
	Invitations *invitations.Service // makes the tokens of invitations
	Report      func(error)          // handles what is no reason to try again; nil drops it
	Now         func() time.Time     // nil: [time.Now]
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
	to, err := recipient(event)
	if err != nil || to.IsZero() {
		return err
	}
	if age := c.now().Sub(event.At); age > maxAge {
		c.report(fmt.Errorf("no mail was sent for event %d (%s of %s), because it is %.0f hours old", event.ID, event.Kind, event.Tenant, age.Hours()))
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if event.Kind.BeginsTenant() {
		return c.Notifier.Notify(ctx, ports.TenantWelcome{To: to, Tenant: event.Tenant})
	}
	return c.invite(ctx, event)
}

// recipient returns the address that the mail of the event goes to, and the zero Email if
// the event causes no mail: it is of another kind, the address of a new owner is not
// confirmed, or an invitation is by link.
func recipient(event domain.Event) (domain.Email, error) {
	switch event.Kind {
	case domain.EventTenantCreated, domain.EventTenantClaimed, domain.EventInvitationCreated, domain.EventInvitationResent:
	default:
		return domain.Email{}, nil
	}
	var data struct{ Email string }
	if err := event.Decode(&data); err != nil {
		return domain.Email{}, domain.Invalidf("data", "the data of the event cannot be read").WithCause(err)
	}
	if data.Email == "" {
		return domain.Email{}, nil
	}
	return domain.ParseEmail(data.Email)
}

// invite sends the mail of an invitation with a new token. It sends none if the
// invitation is not open any more.
func (c *Consumer) invite(ctx context.Context, event domain.Event) error {
	mailing, err := c.Invitations.IssueToken(ctx, event)
	if errors.Is(err, domain.CodeInvitationNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Notifier.Notify(ctx, ports.TenantInvitation{
		To:        mailing.Email,
		Tenant:    mailing.Tenant,
		Role:      mailing.Role,
		InvitedBy: mailing.Inviter,
		ExpiresAt: mailing.ExpiresAt,
		Link:      mailing.Link,
	})
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
