package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// InvitationStore keeps the invitations to a tenant, for the members who manage them.
// Each call is one step, and a refused change changes nothing. The store's clock is the
// time of a change.
//
// A tenant that is absent, or has no owner yet, is [domain.CodeTenantNotFound]. So is a
// tenant that is not [domain.Active] to its members, and every tenant to a member whose
// membership does not admit at the time of the change. To the operator it is each
// tenant whose status does not accept members. A member's change is refused with the
// error of [domain.CheckInvitation] or [domain.CheckInviting], which is applied to the
// membership as it is when the change is made.
//
// An invitation with an address is sent by mail, which Create and Resend count, whether
// or not it is delivered: see [MaxTenantMails] and [MaxAddressMails]. One mail more is
// [domain.Limited], with the time until there is room again, also where several come at
// once. Addresses are compared by [domain.Email.Key].
type InvitationStore interface {
	// Create keeps an invitation. It revokes the invitation to the same address that is
	// open or has expired, and that invitation's tokens are no longer good; where that one
	// is open, its role must not be above the member's own either. One more open
	// invitation than [MaxOpenInvitations] is [domain.CodeInvitationQuota], also where
	// several come at once. The event is [domain.EventInvitationCreated]. A request with
	// an [Idempotency] is repeated as that promises, once the member was found to be one
	// who may create the invitation.
	Create(ctx context.Context, request InvitationRequest) (CreatedInvitation, error)

	// Resend begins a new generation of an invitation that is open or has expired. The
	// token of the generation before is no longer good, and the invitation lives anew. It
	// counts as one that is created in the limits of both. Any other invitation, and that
	// of another tenant, is [domain.CodeInvitationNotFound]. The event is
	// [domain.EventInvitationResent].
	Resend(ctx context.Context, change InvitationChange) (domain.Invitation, error)

	// Revoke ends an invitation that is open or has expired. Any other invitation is
	// [domain.CodeInvitationNotFound]. The event is [domain.EventInvitationRevoked].
	Revoke(ctx context.Context, change InvitationChange) error

	// Find returns an invitation, whatever its state and the status of its tenant. One
	// that the tenant does not have is [domain.CodeInvitationNotFound].
	Find(ctx context.Context, tenant domain.TenantID, id domain.InvitationID) (domain.Invitation, error)

	// List returns at most query.Limit invitations that match the query, in the order of
	// their IDs from the newest. The time for a page does not grow with the number of
	// invitations before it. The tenants are those of [MemberLister].
	List(ctx context.Context, query InvitationQuery) ([]domain.Invitation, error)
}

// The limits of invitations.
const (
	MaxOpenInvitations = 100 // of a tenant
	MaxTenantMails     = 100 // of a tenant, within [TenantMailsPer]
	MaxAddressMails    = 5   // to an address from all tenants, within [AddressMailsPer]
)

// How long a mail counts in the limits of invitations.
const (
	TenantMailsPer  = time.Hour
	AddressMailsPer = 24 * time.Hour
)

// ErrTooManyMails refuses a mail that exceeds a limit of invitations.
func ErrTooManyMails(wait time.Duration) *domain.Error {
	return domain.Limitedf(wait, "too many invitations were sent from this tenant or to this e-mail address; invite by link, or wait")
}

// InvitationRequest describes an invitation to be created.
type InvitationRequest struct {
	ID     domain.InvitationID
	Tenant domain.TenantID
	Email  domain.Email // zero: by link
	Role   domain.Role
	Life   time.Duration
	By     domain.Actor     // the operator, or a member of Tenant
	Token  domain.TokenHash // of an invitation by link; not read for one by mail

	Idempotency *Idempotency // nil: every call is new
}

// CreatedInvitation is the invitation that [InvitationStore.Create] created, now or
// before.
type CreatedInvitation struct {
	domain.Invitation
	Replayed bool
}

// Validate returns a [domain.Invalid] error if the request lacks its ID
// ("invitationId"), its tenant or its actor, if the role does not exist, or if no
// invitation may have the life.
func (r InvitationRequest) Validate() error {
	if err := checkInvitation(r.ID, r.Tenant, r.By); err != nil {
		return err
	}
	if _, err := domain.ParseRole(string(r.Role)); err != nil {
		return err
	}
	return domain.CheckInvitationLife(r.Life)
}

// InvitationChange names the invitation that is resent or revoked.
type InvitationChange struct {
	ID     domain.InvitationID
	Tenant domain.TenantID
	By     domain.Actor     // the operator, or a member of Tenant
	Token  domain.TokenHash // of the next generation of an invitation by link; not read for one by mail, nor to revoke
}

// Validate returns a [domain.Invalid] error if the change lacks its invitation, its
// tenant or its actor.
func (c InvitationChange) Validate() error { return checkInvitation(c.ID, c.Tenant, c.By) }

func checkInvitation(id domain.InvitationID, tenant domain.TenantID, by domain.Actor) error {
	if err := tenant.Require(); err != nil {
		return err
	}
	if err := id.Require(); err != nil {
		return err
	}
	return checkActor(by)
}

// InvitationQuery selects invitations of Tenant.
type InvitationQuery struct {
	Tenant domain.TenantID
	State  domain.InvitationState
	After  domain.InvitationID // the invitations after this one; zero: from the newest
	Limit  int
}
