package app

import (
	"context"

	"github.com/partywall-go/partywall/adapters/auditlog"
)

// auditConsumer is the name of the consumer that writes events to the log.
const auditConsumer = "partywall.audit-log"

// deliverEvents starts what numbers events and what consumes them.
func (p *Partywall) deliverEvents() {
	p.tasks.While(p.Events.Sequence)
	p.tasks.While(func(ctx context.Context) {
		_ = p.Events.Consume(ctx, auditConsumer, auditlog.Log{Logger: p.config.logger()}.Handle) // the name is valid
	})
}

func (p *Partywall) sweepEvents(ctx context.Context) error {
	n, err := p.Events.Sweep(ctx)
	if n > 0 {
		p.config.logger().Info("removed old events", "count", n)
	}
	return err
}
