package invitations

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Invite is an invitation to be created.
type Invite struct {
	Email domain.Email // zero: by link
	Role  domain.Role
	Life  time.Duration // zero: [domain.DefaultInvitationLife]

	IdempotencyKey string // 1 to 255 visible ASCII characters; empty: every request is new
	Route          string // to which the key was sent: on another route, the same key is another one
}

// Issued is an invitation that was created or resent. One by mail has no Token and no
// Link, because they go to the address alone.
type Issued struct {
	domain.Invitation
	Token    domain.Secret
	Link     domain.Secret
	Replayed bool // the answer to an earlier request with the same idempotency key, without its token
}

// Create invites a person to the tenant of the manager. An invitation to an address
// that was invited before replaces the one before. caller is the signed-in member, whose
// address must be verified to invite by mail; it is not read for the operator, nor for
// an invitation by link.
//
// Errors: [domain.Invalid] on field "role", "expiresIn" or "idempotencyKey";
// [domain.CodeIdempotencyMismatch]; [domain.CodeRoleTooLow] for a
// role above the member's own, and [domain.CodeExpiryTooLate] if their membership
// expires; [domain.CodeEmailUnverified]; [domain.CodeInvitationQuota]; [domain.Limited]
// beyond the mails that may be sent; [domain.CodeTenantNotFound] if by is no member any
// more, or the tenant is suspended since; those of [ports.UserReader].
func (s *Service) Create(ctx context.Context, by access.Manager, caller ports.Caller, invite Invite) (Issued, error) {
	if err := by.Require(); err != nil {
		return Issued{}, err
	}
	token := s.newToken()
	request, err := s.newRequest(by, invite, token)
	if err != nil {
		return Issued{}, err
	}
	if !invite.Email.IsZero() {
		if err := s.checkSender(ctx, by, caller); err != nil {
			return Issued{}, err
		}
	}
	created, err := s.Store.Create(ctx, request)
	if err != nil || created.Replayed {
		return Issued{Invitation: created.Invitation, Replayed: created.Replayed}, err
	}
	return s.issued(created.Invitation, token), nil
}

func (s *Service) newRequest(by access.Manager, invite Invite, token domain.Secret) (request ports.InvitationRequest, err error) {
	request = ports.InvitationRequest{
		ID:     domain.NewInvitationID(s.now()),
		Tenant: by.Tenant(),
		Email:  invite.Email,
		Role:   invite.Role,
		Life:   cmp.Or(invite.Life, domain.DefaultInvitationLife),
		By:     by.Actor(),
		Token:  token.Hash(),
	}
	request.Idempotency, err = ports.Idempotency{By: request.By, Tenant: request.Tenant, Route: invite.Route, Key: invite.IdempotencyKey}.
		Of(fmt.Sprintf("%s\n%s\n%d", request.Email.Key(), request.Role, request.Life))
	if err != nil {
		return ports.InvitationRequest{}, err
	}
	return request, request.Validate()
}

// Resend gives an invitation that is open or has expired a new token and its whole life
// again. The old token is no longer good. caller is as in [Service.Create].
//
// Errors: [domain.CodeInvitationNotFound]; those of [Service.Create].
func (s *Service) Resend(ctx context.Context, by access.Manager, caller ports.Caller, id domain.InvitationID) (Issued, error) {
	token := s.newToken()
	change, err := newChange(by, id, token)
	if err != nil {
		return Issued{}, err
	}
	found, err := s.Store.Find(ctx, by.Tenant(), id)
	if err != nil {
		return Issued{}, err
	}
	if found.ByMail() {
		if err := s.checkSender(ctx, by, caller); err != nil {
			return Issued{}, err
		}
	}
	resent, err := s.Store.Resend(ctx, change)
	return s.issued(resent, token), err
}

// Revoke ends an invitation that is open or has expired.
//
// Errors: [domain.CodeInvitationNotFound], also for one that was revoked or accepted;
// [domain.CodeRoleTooLow] for an invitation to a role above the member's own;
// [domain.CodeTenantNotFound] if by is no member any more, or the tenant is suspended
// since.
func (s *Service) Revoke(ctx context.Context, by access.Manager, id domain.InvitationID) error {
	change, err := newChange(by, id, domain.Secret{})
	if err != nil {
		return err
	}
	return s.Store.Revoke(ctx, change)
}

func newChange(by access.Manager, id domain.InvitationID, token domain.Secret) (ports.InvitationChange, error) {
	if err := by.Require(); err != nil {
		return ports.InvitationChange{}, err
	}
	change := ports.InvitationChange{ID: id, Tenant: by.Tenant(), By: by.Actor(), Token: token.Hash()}
	return change, change.Validate()
}

// checkSender refuses a member without a verified address, so that no account that
// costs nothing sends mails. The operator needs none.
func (s *Service) checkSender(ctx context.Context, by access.Manager, caller ports.Caller) error {
	if by.Actor().IsOperator() {
		return nil
	}
	email := domain.Email{}
	if domain.UserActor(caller.Identity()) == by.Actor() {
		var err error
		if email, err = s.verifiedEmail(ctx, caller); err != nil {
			return err
		}
	}
	if email.IsZero() {
		return domain.NewError(domain.CodeEmailUnverified).WithMessage("only a member whose e-mail address is verified invites by mail; verify yours, or invite by link")
	}
	return nil
}

// issued returns the invitation with its token, if it is one by link.
func (s *Service) issued(i domain.Invitation, token domain.Secret) Issued {
	if i.IsZero() || i.ByMail() {
		return Issued{Invitation: i}
	}
	return Issued{Invitation: i, Token: token, Link: s.link(token)}
}
