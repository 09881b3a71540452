package tenants

import (
	"cmp"
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// CreationPolicy names the callers who may create tenants.
type CreationPolicy string

// The policies. The zero CreationPolicy is Open.
const (
	Open          CreationPolicy = "open"          // anyone
	Authenticated CreationPolicy = "authenticated" // signed-in callers, and the operator
	OperatorOnly  CreationPolicy = "operator"
)

// ParseCreationPolicy accepts the name of a policy; anything else is a
// [domain.Invalid] error on field "policy".
func ParseCreationPolicy(s string) (CreationPolicy, error) {
	switch p := CreationPolicy(s); p {
	case Open, Authenticated, OperatorOnly:
		return p, nil
	}
	return "", domain.Invalidf("policy", "is one of open, authenticated, operator")
}

// Creator is the caller who asks for a tenant. The zero Creator is not signed in and
// calls from an unknown address.
type Creator struct {
	Caller   ports.Caller    // without its token, the caller's address counts as unconfirmed
	Operator access.Operator // whose tenants are not limited
	For      domain.Identity // the owner for whom the operator acts; zero: the Caller
	From     limits.Address  // all callers from unknown addresses share one allowance
}

// owner returns the identity that becomes the owner, zero where the tenant waits for one.
func (c Creator) owner() domain.Identity {
	if !c.For.IsZero() {
		return c.For
	}
	return c.Caller.Identity()
}

// check refuses a creator who acts for another identity without being the operator.
func (c Creator) check() error {
	if c.For.IsZero() {
		return nil
	}
	return c.Operator.Require()
}

func (c Creator) isStranger() bool { return c.owner().IsZero() && c.Operator.IsZero() }

// actor returns the author of the tenant's event, and the zero Actor for its owner.
func (c Creator) actor() domain.Actor {
	if c.Operator.IsZero() {
		return domain.Actor{}
	}
	return domain.OperatorActor()
}

// Creation describes the tenant to create.
type Creation struct {
	ID             domain.TenantID
	Name           string // empty: the ID
	IdempotencyKey string // 1 to 255 visible ASCII characters; empty, or without a signed-in caller: every request is new
	Route          string // to which the key was sent: on another route, the same key is another one
}

// Created is a new tenant. ClaimToken is empty if it has an owner already.
type Created struct {
	Tenant     domain.Tenant
	ClaimToken domain.Secret
	Replayed   bool // the answer to an earlier request with the same idempotency key
}

// Create creates a tenant that is ready to use and is owned by the signed-in caller.
// For any other caller it reserves the ID: the answer has a token that makes its
// bearer the owner, once, until the tenant's ClaimExpiresAt. Then the ID is free
// again.
//
// Errors: [domain.Unauthenticated] or [domain.Forbidden] by the [CreationPolicy];
// [domain.CodeTenantReserved]; [domain.Invalid] on field "tenantId", "name" or
// "idempotencyKey"; [domain.CodeTenantExists]; [domain.CodeIdempotencyMismatch];
// [domain.CodeTenantQuota] beyond TenantsPerOwner; [domain.Limited] beyond
// [CreationsPerAddress], [CreationsPerIdentity], the number of reservations at once,
// and the number of tenants of owners whose address is not confirmed. The operator is
// not limited.
func (s *Service) Create(ctx context.Context, by Creator, creation Creation) (Created, error) {
	if err := by.check(); err != nil {
		return Created{}, err
	}
	if err := s.Policy.allow(by); err != nil {
		return Created{}, err
	}
	if err := creation.check(); err != nil {
		return Created{}, err
	}
	if by.owner().IsZero() {
		return s.reserve(ctx, by, creation)
	}
	return s.createOwned(ctx, by, creation)
}

func (p CreationPolicy) allow(by Creator) error {
	switch {
	case p == Open || p == "" || !by.Operator.IsZero():
		return nil
	case by.Caller.IsZero():
		return domain.Errorf(domain.Unauthenticated, "sign in to create a tenant")
	case p == Authenticated:
		return nil
	default:
		return domain.Errorf(domain.Forbidden, "only the operator of this installation creates tenants")
	}
}

// check refuses an invalid creation, and converts its name to its one form.
func (c *Creation) check() (err error) {
	if err := c.ID.Require(); err != nil {
		return err
	}
	if c.ID.IsReserved() {
		return domain.NewError(domain.CodeTenantReserved)
	}
	if c.Name, err = domain.ParseTenantName(c.Name); err == nil {
		c.Name = cmp.Or(c.Name, c.ID.String())
	}
	return err
}

// reserve keeps the ID for the bearer of the token that it returns.
func (s *Service) reserve(ctx context.Context, by Creator, creation Creation) (Created, error) {
	token := s.newToken()
	reservation := ports.ReservationRequest{ID: creation.ID, Name: creation.Name, By: by.actor(), Token: token.Hash(), TTL: claimTTL}
	if by.isStranger() {
		if err := s.Limits.creation(by.From); err != nil {
			return Created{}, err
		}
		reservation.Limits = s.Limits.reservation(by.From)
	}
	if err := s.refuseOrphans(ctx, creation.ID); err != nil {
		return Created{}, err
	}
	tenant, err := s.Reservations.Reserve(limits.WithAddress(ctx, by.From), reservation)
	if err != nil {
		return Created{}, err
	}
	return Created{Tenant: tenant, ClaimToken: token}, nil
}

func (s *Service) createOwned(ctx context.Context, by Creator, creation Creation) (Created, error) {
	request, err := ports.Idempotency{By: domain.UserActor(by.owner()), Route: creation.Route, Key: creation.IdempotencyKey}.
		Of(creation.ID.String() + "\n" + creation.Name) // a name has one line
	if err != nil {
		return Created{}, err
	}
	tenant := ports.TenantCreation{ID: creation.ID, Name: creation.Name, Owner: by.owner(), By: by.actor(), Idempotency: request}
	owner, err := s.admitMaking(ctx, by)
	if err != nil {
		return Created{}, err
	}
	tenant.OwnerEmail, tenant.Limits = owner.email, owner.limits
	var made ports.CreatedTenant
	if err = s.refuseOrphans(ctx, tenant.ID); err == nil {
		made, err = s.Provisioner.Create(limits.WithAddress(ctx, by.From), tenant)
	}
	if made.Replayed || domain.KindOf(err) == domain.Unavailable {
		s.notMade(by)
	}
	if err != nil {
		return Created{}, err
	}
	return Created{Tenant: made.Tenant, Replayed: made.Replayed}, nil
}
