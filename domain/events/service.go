// Package events has the use cases of events: members and the operator read them, and
// programs consume them.
package events

import (
	"cmp"
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Service reads events and delivers them to consumers.
//
// Besides the errors that its methods name, an unavailable store returns
// [domain.CodeDatabaseUnavailable].
type Service struct {
	Sequencer  ports.EventSequencer
	Reader     ports.EventReader
	Consumers  ports.EventConsumers
	Operations ports.EventOperations
	Keeper     ports.EventRetention
	Retention  time.Duration // zero or less: [DefaultRetention]

	// Report handles an error that no caller waits for, such as that of a consumer's
	// function. Nil drops it.
	Report func(error)

	// IdlePause is the longest pause before Sequence and Consume look for new events.
	// Zero: a second.
	IdlePause time.Duration
}

// DefaultRetention is how long events are kept.
const DefaultRetention = 400 * 24 * time.Hour

// Query selects events. The zero value of each field selects all.
type Query struct {
	Kind  domain.EventKind // an unknown one selects none
	Since time.Time
	After int64 // the position of the last event that the caller read
	Limit int   // zero: [domain.DefaultPage]
}

// Page is a part of a list of events.
type Page struct {
	Events []domain.Event
	Next   int64 // Query.After of the next page; zero: this is the last
}

// List returns events of the manager's tenant, the oldest first. An earlier tenant that
// had the same ID is another tenant.
//
// Errors: [domain.Forbidden] without a proof; [domain.Invalid] on field "limit".
func (s *Service) List(ctx context.Context, by access.Manager, query Query) (Page, error) {
	if err := by.Require(); err != nil {
		return Page{}, err
	}
	return s.list(ctx, query, ports.EventQuery{Tenant: by.Tenant(), Current: true})
}

// ListAll returns events of tenant id, or of all tenants if id is zero, the oldest
// first. Those of an earlier tenant that had the same ID are among them.
//
// Errors: [domain.Forbidden] without a proof; [domain.Invalid] on field "limit".
func (s *Service) ListAll(ctx context.Context, operator access.Operator, id domain.TenantID, query Query) (Page, error) {
	if err := operator.Require(); err != nil {
		return Page{}, err
	}
	return s.list(ctx, query, ports.EventQuery{Tenant: id})
}

// firstYear is the first year of events. A store does not keep all times before it.
const firstYear = 1

// list numbers the events that were recorded first, so that callers find what they
// did just now.
func (s *Service) list(ctx context.Context, query Query, of ports.EventQuery) (Page, error) {
	limit, err := domain.PageLimit(query.Limit)
	if err != nil {
		return Page{}, err
	}
	if query.Kind != "" && !query.Kind.WellFormed() {
		return Page{}, nil
	}
	switch year := query.Since.UTC().Year(); {
	case year < firstYear:
		query.Since = time.Time{}
	case year > domain.LastYear:
		return Page{}, nil
	}
	if err := s.sequenceAll(ctx); err != nil {
		return Page{}, err
	}
	of.Kind, of.Since, of.After, of.Limit = query.Kind, query.Since, query.After, limit+1
	found, err := s.Reader.Events(ctx, of)
	if err != nil || len(found) <= limit {
		return Page{Events: found}, err
	}
	found = found[:limit]
	return Page{Events: found, Next: found[limit-1].Position}, nil
}

// Retry has the events that a consumer set aside delivered once more, and returns how
// many there are. An unknown consumer is [domain.NotFound].
func (s *Service) Retry(ctx context.Context, operator access.Operator, consumer string) (int, error) {
	if err := operator.Require(); err != nil {
		return 0, err
	}
	if !consumerName.MatchString(consumer) {
		return 0, ports.ErrNoConsumer
	}
	return s.Operations.RetrySetAside(ctx, consumer)
}

// Forget removes the position of a consumer that no program has any more: old events
// are kept until every consumer has handled them. A consumer that still runs starts
// again with the oldest event. An unknown consumer is [domain.NotFound].
func (s *Service) Forget(ctx context.Context, operator access.Operator, consumer string) error {
	if err := operator.Require(); err != nil {
		return err
	}
	if !consumerName.MatchString(consumer) {
		return ports.ErrNoConsumer
	}
	return s.Operations.RemoveConsumer(ctx, consumer)
}

// States returns the state of each consumer.
func (s *Service) States(ctx context.Context, operator access.Operator) ([]ports.EventConsumer, error) {
	if err := operator.Require(); err != nil {
		return nil, err
	}
	return s.Operations.Consumers(ctx)
}

// Sweep removes the events that are older than Retention and that every consumer has
// handled. It returns how many.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	return s.Keeper.RemoveEvents(ctx, cmp.Or(max(0, s.Retention), DefaultRetention))
}

func (s *Service) report(err error) {
	if s.Report != nil {
		s.Report(err)
	}
}
