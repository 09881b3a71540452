// Package auditlog writes the entries of the audit log as log lines: each has a
// field "audit", whose value is what was changed.
package auditlog

import (
	"context"
	"log/slog"

	"github.com/partywall-go/partywall/ports"
)

// Log implements [ports.Audit] with a line for each entry.
type Log struct{ Logger *slog.Logger }

var _ ports.Audit = Log{}

var messages = map[ports.AuditAction]string{
	ports.TenantReserved:    "a tenant ID was reserved",
	ports.TenantCreated:     "a tenant was created",
	ports.TenantClaimed:     "a tenant was claimed",
	ports.MemberRoleChanged: "a member's role was changed",
}

// Record implements [ports.Audit].
func (l Log) Record(ctx context.Context, entry ports.AuditEntry) {
	attrs := []slog.Attr{
		slog.String("audit", string(entry.Action)),
		slog.String("tenant", entry.Tenant.String()),
		slog.String("actor", actor(entry.Actor)),
	}
	if !entry.Member.IsZero() {
		attrs = append(attrs, slog.String("member", entry.Member.String()), slog.String("role", string(entry.Role)))
	}
	if entry.Actor.From.IsValid() {
		attrs = append(attrs, slog.String("client", entry.Actor.From.String()))
	}
	if id := ports.RequestID(ctx); id != "" {
		attrs = append(attrs, slog.String("requestId", id))
	}
	l.Logger.LogAttrs(ctx, slog.LevelInfo, messages[entry.Action], attrs...)
}

func actor(a ports.Actor) string {
	switch {
	case a.Operator:
		return "operator"
	case a.Identity.IsZero():
		return "anonymous"
	}
	return a.Identity.String()
}
