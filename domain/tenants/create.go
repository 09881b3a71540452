package tenants

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// CreationPolicy says who may make tenants.
type CreationPolicy string

// The policies. The zero CreationPolicy is Open.
const (
	Open          CreationPolicy = "open"          // anyone
	Authenticated CreationPolicy = "authenticated" // whoever is signed in, and the operator
	OperatorOnly  CreationPolicy = "operator"
)

// ParseCreationPolicy accepts the name of a policy; anything else is a
// [domain.Invalid] error on field "TENANT_CREATION".
func ParseCreationPolicy(s string) (CreationPolicy, error) {
	switch p := CreationPolicy(s); p {
	case Open, Authenticated, OperatorOnly:
		return p, nil
	}
	return "", domain.Invalidf("TENANT_CREATION", "is one of open, authenticated, operator")
}

// claimTTL is how long a new tenant waits for its first owner.
const claimTTL = 24 * time.Hour

// Creator is who asks for a tenant. The zero Creator isn't signed in and calls
// from an unknown address.
type Creator struct {
	Caller   ports.Caller
	Operator Operator
	From     limits.Address
}

func (c Creator) isStranger() bool { return c.Caller.IsZero() && !c.Operator.proven }

// Creation is what a new tenant shall be.
type Creation struct {
	ID             domain.TenantID
	Name           string // empty: the ID
	IdempotencyKey string // 1 to 255 visible ASCII characters; empty, or without a signed-in caller: every request is new
}

// Created is a new tenant. ClaimToken is empty if it has an owner already.
type Created struct {
	Tenant     domain.Tenant
	ClaimToken domain.Secret
	Replayed   bool // the answer to an earlier request with the same idempotency key
}

// Create makes a tenant, ready to use. A signed-in caller becomes its owner;
// for anybody else the answer has a token that makes its bearer the owner, once,
// within 24 hours, after which the tenant is gone.
//
// Errors: [domain.Unauthenticated] or [domain.Forbidden] by the [CreationPolicy];
// [domain.CodeTenantReserved]; [domain.Invalid] on field "tenantId", "name" or
// "Idempotency-Key"; [domain.CodeTenantExists]; [domain.CodeIdempotencyMismatch];
// [domain.Limited] beyond [CreationsPerAddress].
func (s *Service) Create(ctx context.Context, by Creator, creation Creation) (Created, error) {
	if err := s.Policy.allow(by); err != nil {
		return Created{}, err
	}
	tenant, err := creation.tenant()
	if err != nil {
		return Created{}, err
	}
	if by.isStranger() {
		if err := s.Limits.creation(by.From); err != nil {
			return Created{}, err
		}
	}
	if by.Caller.IsZero() {
		return s.createUnclaimed(ctx, tenant)
	}
	return s.createOwned(ctx, by.Caller, tenant, creation.IdempotencyKey)
}

func (p CreationPolicy) allow(by Creator) error {
	switch {
	case p == Open || p == "" || by.Operator.proven:
		return nil
	case by.Caller.IsZero():
		return &domain.Error{Kind: domain.Unauthenticated, Message: "sign in to create a tenant"}
	case p == Authenticated:
		return nil
	default:
		return &domain.Error{Kind: domain.Forbidden, Message: "only the operator of this installation creates tenants"}
	}
}

func (c Creation) tenant() (ports.NewTenant, error) {
	if c.ID.IsZero() {
		return ports.NewTenant{}, domain.Invalidf("tenantId", "a tenant has an ID")
	}
	if c.ID.IsReserved() {
		return ports.NewTenant{}, &domain.Error{Kind: domain.Invalid, Code: domain.CodeTenantReserved, Field: "tenantId", Message: "this ID is reserved; choose another"}
	}
	name, err := domain.ParseTenantName(c.Name)
	if err != nil {
		return ports.NewTenant{}, err
	}
	if name == "" {
		name = c.ID.String()
	}
	return ports.NewTenant{ID: c.ID, Name: name}, nil
}

func (s *Service) createUnclaimed(ctx context.Context, tenant ports.NewTenant) (Created, error) {
	token := s.newToken()
	tenant.Claim = &ports.NewClaim{Hash: token.Hash(), TTL: claimTTL}
	made, err := s.Tenants.Create(ctx, tenant)
	if err != nil {
		return Created{}, err
	}
	return Created{Tenant: made.Tenant, ClaimToken: token}, nil
}

func (s *Service) createOwned(ctx context.Context, owner ports.Caller, tenant ports.NewTenant, key string) (Created, error) {
	tenant.Owner = owner.Identity
	if key != "" {
		if !validIdempotencyKey(key) {
			return Created{}, domain.Invalidf("Idempotency-Key", "an idempotency key is 1 to %d visible ASCII characters", maxIdempotencyKeyLen)
		}
		tenant.Idempotency = &ports.Idempotency{
			Identity:    owner.Identity,
			Route:       "POST /auth/tenants",
			Key:         key,
			Fingerprint: sha256.Sum256([]byte(tenant.ID.String() + "\n" + tenant.Name)),
		}
	}
	made, err := s.Tenants.Create(ctx, tenant)
	if err != nil {
		return Created{}, err
	}
	if !made.Replayed {
		s.welcomeCaller(owner, made.Tenant)
	}
	return Created{Tenant: made.Tenant, Replayed: made.Replayed}, nil
}

const maxIdempotencyKeyLen = 255

func validIdempotencyKey(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return len(key) <= maxIdempotencyKeyLen
}
