// Package auditlog writes events, which are the changes of tenants and memberships, as
// log lines. Each line has a field "audit", whose value is the kind of the event.
package auditlog

import (
	"context"
	"log/slog"

	"github.com/partywall-go/partywall/domain"
)

// Log handles each event by writing a line.
type Log struct{ Logger *slog.Logger }

var messages = map[domain.EventKind]string{
	domain.EventTenantReserved:     "a tenant ID was reserved",
	domain.EventTenantCreated:      "a tenant was created",
	domain.EventTenantClaimed:      "a tenant was claimed",
	domain.EventTenantSuspended:    "a tenant was suspended",
	domain.EventTenantResumed:      "a tenant was resumed",
	domain.EventTenantDeleted:      "a tenant was deleted",
	domain.EventTenantRestored:     "a tenant was restored",
	domain.EventTenantEdited:       "a tenant was edited",
	domain.EventTenantLimited:      "the limits of a tenant were changed",
	domain.EventTenantHandedOver:   "a tenant was handed over",
	domain.EventTenantPurgeStarted: "the purge of a tenant was started",
	domain.EventTenantPurged:       "a tenant was purged",
	domain.EventTenantFreed:        "the ID of a purged tenant was freed",
	domain.EventMemberAdded:        "a member was added",
	domain.EventMemberRoleChanged:  "a member's role was changed",
	domain.EventMemberSuspended:    "a member was suspended",
	domain.EventMemberResumed:      "a member was resumed",
	domain.EventMemberChanged:      "a membership was changed",
	domain.EventMemberRemoved:      "a member was removed",
	domain.EventMemberLeft:         "a member left",
	domain.EventInvitationCreated:  "an invitation was created",
	domain.EventInvitationResent:   "an invitation was resent",
	domain.EventInvitationRevoked:  "an invitation was revoked",
	domain.EventInvitationAccepted: "an invitation was accepted",
	domain.EventWorkerAdmitted:     "a worker was admitted to a tenant",
}

// Handle writes the line of the event. A line that the log loses is not written again.
func (l Log) Handle(ctx context.Context, event domain.Event) error {
	message, found := messages[event.Kind]
	if !found {
		message = "an event was recorded"
	}
	attrs := []slog.Attr{
		slog.String("audit", string(event.Kind)),
		slog.Int64("event", event.ID),
		slog.Time("at", event.At),
		slog.String("tenant", event.Tenant.String()),
		slog.String("actor", actor(event.Actor)),
	}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("onBehalfOf", event.OnBehalfOf.String())
	if event.Address.IsValid() {
		add("client", event.Address.String())
	}
	add("requestId", event.RequestID)
	attrs = append(attrs, slog.Any("data", event.WithoutAddresses().Data))
	l.Logger.LogAttrs(ctx, slog.LevelInfo, message, attrs...)
	return nil
}

func actor(a domain.Actor) string {
	if a.Kind == domain.ActorUser {
		return a.Identity.String()
	}
	return string(a.Kind)
}
