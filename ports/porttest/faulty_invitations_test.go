package porttest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Adapters of invitations, each of which breaks one promise.

func invitationFaults() map[string]fault {
	return map[string]fault{
		"any member's invitation":         {inviting(func(s porttest.Invitations) porttest.Invitations { return promoting{s} }), "a member invites, resends and revokes up to their own role, and managers alone do"},
		"any member's revocation":         {inviting(func(s porttest.Invitations) porttest.Invitations { return merciless{s} }), "a member invites, resends and revokes up to their own role, and managers alone do"},
		"an invitation found by its ID":   {inviting(func(s porttest.Invitations) porttest.Invitations { return &borderless{Invitations: s} }), "an invitation of another tenant is not found"},
		"two invitations to an address":   {inviting(func(s porttest.Invitations) porttest.Invitations { return literalInviter{s} }), "an invitation to the same address replaces the one before"},
		"an old token kept":               {inviting(func(s porttest.Invitations) porttest.Invitations { return &sentimental{Invitations: s} }), "resending ends the token, and an expired invitation lives anew"},
		"a revocation repeated":           {inviting(func(s porttest.Invitations) porttest.Invitations { return indulgent{s} }), "an invitation that was revoked or accepted is not resent or revoked"},
		"a list of all states":            {inviting(func(s porttest.Invitations) porttest.Invitations { return stateless{s} }), "each invitation is in the list of its state alone, also of a deleted tenant"},
		"a list from the oldest":          {inviting(func(s porttest.Invitations) porttest.Invitations { return oldestFirst{s} }), "invitations of a state come from the newest, page after page"},
		"a quota without a number":        {inviting(func(s porttest.Invitations) porttest.Invitations { return wordless{s} }), "a tenant has so many open invitations, also where more come at once"},
		"mails that are not counted":      {inviting(func(s porttest.Invitations) porttest.Invitations { return spamming{s} }), "a tenant sends so many mails, and invites by link beyond"},
		"a key that creates again":        {inviting(func(s porttest.Invitations) porttest.Invitations { return keyless{s} }), "by an idempotency key/a repeated request gets the first answer and creates nothing"},
		"support that stays":              {inviting(func(s porttest.Invitations) porttest.Invitations { return staying{s} }), "a member whose membership expires revokes, but does not invite or resend"},
		"a token of an old generation":    {accepting(func(s porttest.Invitations) porttest.Invitations { return belated{s} }), "no token is issued for a mail that is not to be sent"},
		"an address that is not compared": {accepting(func(s porttest.Invitations) porttest.Invitations { return unaddressed{s} }), "an invitation by mail is accepted with its address alone"},
		"a token good twice":              {accepting(func(s porttest.Invitations) porttest.Invitations { return &twofold{Invitations: s} }), "of many identities that accept one invitation at once, one succeeds"},
		"an answer to a removed member":   {accepting(func(s porttest.Invitations) porttest.Invitations { return &nostalgic{Invitations: s} }), "a member who was removed since needs a new invitation"},
		"a reason revealed":               {accepting(func(s porttest.Invitations) porttest.Invitations { return outspoken{s} }), "a token that is not good has one error, whatever the reason"},
	}
}

func inviting(wrap func(porttest.Invitations) porttest.Invitations) func(*testing.T) {
	return func(t *testing.T) {
		porttest.InvitationStore(t, opensTenancy(func(s *porttest.Tenancy) { s.Invitations = wrap(s.Invitations) }))
	}
}

func accepting(wrap func(porttest.Invitations) porttest.Invitations) func(*testing.T) {
	return func(t *testing.T) {
		porttest.InvitationTokens(t, opensTenancy(func(s *porttest.Tenancy) { s.Invitations = wrap(s.Invitations) }))
	}
}

// promoting invites for each member as the operator does.
type promoting struct{ porttest.Invitations }

func (s promoting) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	r.By = domain.OperatorActor()
	return s.Invitations.Create(ctx, r)
}

// merciless revokes for each member as the operator does.
type merciless struct{ porttest.Invitations }

func (s merciless) Revoke(ctx context.Context, c ports.InvitationChange) error {
	c.By = domain.OperatorActor()
	return s.Invitations.Revoke(ctx, c)
}

// borderless finds an invitation in whichever tenant it was created.
type borderless struct {
	porttest.Invitations
	tenants sync.Map
}

func (s *borderless) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	s.tenants.Store(r.ID, r.Tenant)
	return s.Invitations.Create(ctx, r)
}

func (s *borderless) Find(ctx context.Context, tenant domain.TenantID, id domain.InvitationID) (domain.Invitation, error) {
	if of, found := s.tenants.Load(id); found {
		tenant = of.(domain.TenantID)
	}
	return s.Invitations.Find(ctx, tenant, id)
}

// literalInviter takes each spelling of an address for another one.
type literalInviter struct{ porttest.Invitations }

func (s literalInviter) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	if r.Email.String() != r.Email.ASCII() {
		r.Email = domain.Must(domain.ParseEmail("as-written-" + r.Email.ASCII()))
	}
	return s.Invitations.Create(ctx, r)
}

// sentimental keeps the first token of each invitation.
type sentimental struct {
	porttest.Invitations
	offers sync.Map
}

func (s *sentimental) Peek(ctx context.Context, token domain.TokenHash) (ports.InvitationOffer, error) {
	offer, err := s.Invitations.Peek(ctx, token)
	if old, found := s.offers.Load(token); found {
		return old.(ports.InvitationOffer), nil
	}
	return offer, err
}

func (s *sentimental) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	created, err := s.Invitations.Create(ctx, r)
	s.offers.Store(r.Token, ports.InvitationOffer{Invitation: created.Invitation})
	return created, err
}

// indulgent accepts that an invitation is revoked again.
type indulgent struct{ porttest.Invitations }

func (s indulgent) Revoke(ctx context.Context, c ports.InvitationChange) error {
	err := s.Invitations.Revoke(ctx, c)
	if errors.Is(err, domain.CodeInvitationNotFound) {
		return nil
	}
	return err
}

// stateless lists open and expired invitations together.
type stateless struct{ porttest.Invitations }

func (s stateless) List(ctx context.Context, q ports.InvitationQuery) ([]domain.Invitation, error) {
	page, err := s.Invitations.List(ctx, q)
	if q.State == domain.InvitationOpen && err == nil {
		q.State = domain.InvitationExpired
		more, err := s.Invitations.List(ctx, q)
		return append(page, more...), err
	}
	return page, err
}

// oldestFirst lists a page in the other order.
type oldestFirst struct{ porttest.Invitations }

func (s oldestFirst) List(ctx context.Context, q ports.InvitationQuery) ([]domain.Invitation, error) {
	page, err := s.Invitations.List(ctx, q)
	slices.Reverse(page)
	return page, err
}

// wordless reports a quota as any conflict.
type wordless struct{ porttest.Invitations }

func (s wordless) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	created, err := s.Invitations.Create(ctx, r)
	if errors.Is(err, domain.CodeInvitationQuota) {
		err = domain.Errorf(domain.Conflict, "too many")
	}
	return created, err
}

// spamming sends an invitation by mail as one by link where the mails are used up.
type spamming struct{ porttest.Invitations }

func (s spamming) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	created, err := s.Invitations.Create(ctx, r)
	if errors.Is(err, domain.Limited) {
		r.Email = domain.Email{}
		return s.Invitations.Create(ctx, r)
	}
	return created, err
}

// keyless ignores idempotency keys.
type keyless struct{ porttest.Invitations }

func (s keyless) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	r.Idempotency = nil
	return s.Invitations.Create(ctx, r)
}

// staying invites for a member whose own membership expires.
type staying struct{ porttest.Invitations }

func (s staying) Create(ctx context.Context, r ports.InvitationRequest) (ports.CreatedInvitation, error) {
	created, err := s.Invitations.Create(ctx, r)
	if errors.Is(err, domain.CodeExpiryTooLate) {
		return ports.CreatedInvitation{}, nil
	}
	return created, err
}

// belated issues tokens for the current generation, whichever is named.
type belated struct{ porttest.Invitations }

func (s belated) Issue(ctx context.Context, issue ports.TokenIssue) (ports.InvitationOffer, error) {
	if found, err := s.Find(ctx, issue.Tenant, issue.ID); err == nil {
		issue.Generation = found.Generation
	}
	return s.Invitations.Issue(ctx, issue)
}

// unaddressed accepts an invitation by mail with any verified address.
type unaddressed struct{ porttest.Invitations }

func (s unaddressed) Accept(ctx context.Context, a ports.InvitationAcceptance) (ports.AcceptedInvitation, error) {
	if offer, err := s.Peek(ctx, a.Token); err == nil && !a.Email.IsZero() {
		a.Email = offer.Email
	}
	return s.Invitations.Accept(ctx, a)
}

// twofold gives the second identity that accepts an invitation the answer of the first.
type twofold struct {
	porttest.Invitations
	mu    sync.Mutex
	first ports.AcceptedInvitation
	given bool
}

func (s *twofold) Accept(ctx context.Context, a ports.InvitationAcceptance) (ports.AcceptedInvitation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	accepted, err := s.Invitations.Accept(ctx, a)
	switch {
	case err == nil:
		s.first = accepted
	case !s.given:
		s.given = true
		return s.first, nil
	}
	return accepted, err
}

// nostalgic repeats its first answer to an identity for ever.
type nostalgic struct {
	porttest.Invitations
	answers sync.Map
}

func (s *nostalgic) Accept(ctx context.Context, a ports.InvitationAcceptance) (ports.AcceptedInvitation, error) {
	accepted, err := s.Invitations.Accept(ctx, a)
	if err == nil {
		s.answers.Store(a, accepted)
	} else if first, found := s.answers.Load(a); found && errors.Is(err, domain.CodeInvitationInvalid) {
		return first.(ports.AcceptedInvitation), nil
	}
	return accepted, err
}

// outspoken says when a token has expired.
type outspoken struct{ porttest.Invitations }

func (s outspoken) Peek(ctx context.Context, token domain.TokenHash) (ports.InvitationOffer, error) {
	offer, err := s.Invitations.Peek(ctx, token)
	if errors.Is(err, domain.CodeInvitationInvalid) {
		err = domain.NewError(domain.CodeInvitationInvalid).WithMessage("not good at %v", time.Now())
	}
	return offer, err
}
