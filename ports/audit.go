package ports

import (
	"context"
	"net/netip"

	"github.com/partywall-go/partywall/domain"
)

// Audit keeps evidence of each change and of its actor.
type Audit interface {
	// Record keeps the entry. The change has been made by then, so Record reports a
	// failure to keep the entry by its own means.
	Record(ctx context.Context, entry AuditEntry)
}

// Record records entry in audit, whether or not the caller still waits for the answer.
// A nil audit keeps no entries.
func Record(ctx context.Context, audit Audit, entry AuditEntry) {
	if audit != nil {
		audit.Record(context.WithoutCancel(ctx), entry)
	}
}

// AuditAction names what was changed. Actions are part of the log's form: they are
// added, never changed.
type AuditAction string

// The actions.
const (
	TenantReserved    AuditAction = "tenant_reserved"     // an ID waits for its first owner
	TenantCreated     AuditAction = "tenant_created"      // with an owner
	TenantClaimed     AuditAction = "tenant_claimed"      // by its first owner
	MemberRoleChanged AuditAction = "member_role_changed" // or the membership began or ended
)

// AuditEntry is one change.
type AuditEntry struct {
	Action AuditAction
	Tenant domain.TenantID
	Actor  Actor
	Member domain.Identity // whose membership changed; zero: none did
	Role   domain.Role     // that Member has now; empty: none
}

// Actor is who made a change. The zero Actor isn't signed in, and calls from an
// unknown address.
type Actor struct {
	Identity domain.Identity
	Operator bool
	From     netip.Addr
}

type requestIDKey struct{}

// WithRequestID returns a context of the request with that ID, which the entries of
// the audit log contain.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the ID of the request that ctx belongs to, and "" if it belongs
// to none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
