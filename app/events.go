package app

import (
	"context"

	"github.com/partywall-go/partywall/adapters/auditlog"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/mails"
)

// The names of Partywall's own consumers of events, behind "partywall.".
const (
	auditConsumer = "audit-log" // writes events to the log
	mailConsumer  = "mails"     // sends the mails that events cause
)

// deliverEvents starts the sequencer and the consumers of events.
func (p *Partywall) deliverEvents() {
	p.tasks.While(p.Events.Sequence)
	p.consume(auditConsumer, auditlog.Log{Logger: p.config.logger()}.Handle)
	p.consume(mailConsumer, (&mails.Consumer{Notifier: p.mail, Invitations: p.Invitations, Report: p.reportMail}).Handle)
}

func (p *Partywall) consume(name string, handle events.Handler) {
	p.tasks.While(func(ctx context.Context) { p.Events.ConsumeAsOwn(ctx, name, handle) })
}

func (p *Partywall) reportMail(err error) {
	p.config.logger().Warn("a mail was not sent", "error", err)
}

func (p *Partywall) sweepEvents(ctx context.Context) error {
	n, err := p.Events.Sweep(ctx)
	if n > 0 {
		p.config.logger().Info("removed old events", "count", n)
	}
	return err
}
