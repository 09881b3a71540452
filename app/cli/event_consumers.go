package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

func consumersCommand() command {
	return command{
		name:    "consumers",
		summary: "list the consumers of events, and how far each is",
		details: "LAG counts the events that a consumer was not offered yet, WAITING the tenants whose events wait for another\nattempt, and SET ASIDE the events that it gave up.",
		flags:   []option{jsonFlag()},
		run:     listConsumers,
	}
}

type consumerObject struct {
	Consumer string           `json:"consumer"`
	Lag      int              `json:"lag"`
	Oldest   time.Time        `json:"oldest,omitzero"`
	Waiting  int              `json:"waiting"`
	SetAside []setAsideObject `json:"setAside"`
}

type setAsideObject struct {
	Event   domain.Event `json:"event"`
	Failure string       `json:"failure"`
	At      time.Time    `json:"at"`
}

func consumerObjectOf(s ports.EventConsumer) consumerObject {
	object := consumerObject{Consumer: s.Name, Lag: s.Lag, Oldest: s.Oldest, Waiting: s.Laggards, SetAside: []setAsideObject{}}
	for _, aside := range s.SetAside {
		object.SetAside = append(object.SetAside, setAsideObject{aside.Event, aside.Failure, aside.At})
	}
	return object
}

func listConsumers(ctx context.Context, c console, cmd invocation) error {
	return withRegistry(ctx, c, func(r *app.Registry) error {
		states, err := r.Events.States(ctx, access.Installation())
		if err != nil {
			return err
		}
		table := c.table(cmd, "CONSUMER", "LAG", "WAITING", "SET ASIDE")
		for _, s := range states {
			aside := strconv.Itoa(len(s.SetAside))
			if len(s.SetAside) > 0 {
				first := s.SetAside[0]
				aside += fmt.Sprintf(", first the event %d (%s of %s): %s", first.Event.ID, first.Event.Kind, first.Event.Tenant, first.Failure)
			}
			table.row(consumerObjectOf(s), s.Name, strconv.Itoa(s.Lag), strconv.Itoa(s.Laggards), aside)
		}
		return table.flush()
	})
}

func retryEventsCommand() command {
	return command{
		name:    "retry",
		args:    "CONSUMER",
		summary: "deliver the events once more that a consumer set aside",
		details: "Remove the cause of the failures first. The command consumers shows them.",
		flags:   []option{jsonFlag()},
		run:     retryEvents,
	}
}

type retryObject struct {
	Consumer string `json:"consumer"`
	Events   int    `json:"events"`
}

func retryEvents(ctx context.Context, c console, cmd invocation) error {
	name := cmd.arg(0)
	return withRegistry(ctx, c, func(r *app.Registry) error {
		n, err := r.Events.Retry(ctx, access.Installation(), name)
		if err != nil {
			return err
		}
		return c.result(cmd, retryObject{name, n}, "%s gets %s once more", name, plural(n, "event"))
	})
}

func forgetConsumerCommand() command {
	return command{
		name:    "forget",
		args:    "CONSUMER",
		summary: "remove the position of a consumer that no program has any more",
		details: "Old events are kept until every consumer has handled them. A consumer that still runs starts again with the\n" +
			"oldest event.",
		flags: []option{jsonFlag()},
		run:   forgetConsumer,
	}
}

func forgetConsumer(ctx context.Context, c console, cmd invocation) error {
	name := cmd.arg(0)
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := r.Events.Forget(ctx, access.Installation(), name); err != nil {
			return err
		}
		object := struct {
			Consumer string `json:"consumer"`
		}{name}
		return c.result(cmd, object, "%s is forgotten", name)
	})
}
