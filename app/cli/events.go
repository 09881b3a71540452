package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
)

// eventsCommand lists events, and has the commands of their consumers below it.
func eventsCommand() command {
	return command{
		name:    "events",
		summary: "list what was changed, when and by whom",
		details: "It shows the oldest first. With --follow it goes on until it is interrupted. Those of a server that runs\n" +
			"with --memory are not among them.",
		flags: []option{
			stringFlag("tenant", "only those of the tenant `ID`, and of earlier tenants that had it"),
			stringFlag("since", "only those from `TIME` on: 2026-01-31T09:30:00Z, or 24h for the last day"),
			stringFlag("kind", "only those of the `KIND`, such as member.added"),
			boolFlag("follow", "wait for new events, and show them"),
			jsonFlag(),
		},
		below: []command{consumersCommand(), retryEventsCommand(), forgetConsumerCommand()},
		run:   listEvents,
	}
}

func listEvents(ctx context.Context, c console, cmd invocation) error {
	query := events.Query{Kind: domain.EventKind(cmd.String("kind")), Limit: domain.MaxPage}
	var id domain.TenantID
	var err error
	if name := cmd.String("tenant"); name != "" {
		if id, err = domain.ParseTenantID(name); err != nil {
			return err
		}
	}
	if since := cmd.String("since"); since != "" {
		if query.Since, err = parseSince(since, time.Now()); err != nil {
			return misuse(cmd, "--since: %v", err)
		}
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		const pause = time.Second
		for {
			if err := showEvents(ctx, c, cmd, r, id, &query); err != nil || !cmd.Bool("follow") {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
		}
	})
}

// showEvents prints the events after query.After, and moves it.
func showEvents(ctx context.Context, c console, cmd invocation, r *app.Registry, id domain.TenantID, query *events.Query) error {
	for {
		page, err := r.Events.ListAll(ctx, access.Installation(), id, *query)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			query.After = e.Position
			if err := c.result(cmd, e, "%s", describeEvent(e)); err != nil {
				return err
			}
		}
		if page.Next == 0 {
			return nil
		}
	}
}

// parseSince accepts a time, or how long before now it was.
func parseSince(s string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-01-31T09:30:00Z nor a duration such as 24h", s)
	}
	return at, nil
}

func describeEvent(e domain.Event) string {
	line := fmt.Sprintf("%s  %s  %s  by %s", e.At.Format(time.RFC3339), e.Tenant, e.Kind, describeActor(e.Actor))
	if !e.OnBehalfOf.IsZero() {
		line += " for " + e.OnBehalfOf.Subject()
	}
	if e.Address.IsValid() {
		line += " from " + e.Address.String()
	}
	return line + "  " + string(e.Data)
}

func describeActor(a domain.Actor) string {
	if a.Kind == domain.ActorUser {
		return a.Identity.Subject()
	}
	return "the " + string(a.Kind)
}
