package porttest_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Adapters of tenants, members and reservations, each of which breaks one promise.

type givesTwice struct{ porttest.Tenants }

func (s givesTwice) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	created, err := s.Tenants.Create(ctx, n)
	if domain.CodeOf(err) == domain.CodeTenantExists {
		return ports.CreatedTenant{Tenant: domain.Tenant{ID: n.ID}}, nil
	}
	return created, err
}

type losesCodes struct{ porttest.Tenants }

func (s losesCodes) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	created, err := s.Tenants.Create(ctx, n)
	if domain.CodeOf(err) == domain.CodeTenantExists {
		err = &domain.Error{Kind: domain.Conflict}
	}
	return created, err
}

type hidesCodes struct{ porttest.Tenants }

func (s hidesCodes) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	created, err := s.Tenants.Create(ctx, n)
	if err != nil {
		err = &domain.Error{Kind: domain.Internal, Err: err}
	}
	return created, err
}

type talkative struct{ ports.MemberStore }

func (s talkative) Memberships(ctx context.Context, who domain.Identity, _ int) ([]ports.TenantMembership, error) {
	return s.MemberStore.Memberships(ctx, who, 1000)
}

type localTime struct{ porttest.Tenants }

// losesUpgrades reports a tenant that is being upgraded as a lost database.
type losesUpgrades struct{ porttest.Tenants }

func (s losesUpgrades) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	now, err := s.Tenants.Probe(ctx, id)
	if errors.Is(err, domain.CodeTenantUpgrading) {
		err = &domain.Error{Kind: domain.Unavailable, Code: domain.CodeDatabaseUnavailable, RetryAfter: time.Second, Message: "the database cannot be used now"}
	}
	return now, err
}

func (s localTime) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	now, err := s.Tenants.Probe(ctx, id)
	return now.In(time.FixedZone("", 3600)), err
}

type deaf struct{ porttest.Tenants }

func (s deaf) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	return s.Tenants.Create(context.WithoutCancel(ctx), n)
}

type keyAlone struct{ porttest.Tenants }

func (s keyAlone) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	if n.Idempotency != nil {
		i := *n.Idempotency
		i.Route = ""
		n.Idempotency = &i
	}
	return s.Tenants.Create(ctx, n)
}

type ofAnyTenant struct{ porttest.Tenants }

func (s ofAnyTenant) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	if n.Idempotency != nil {
		i := *n.Idempotency
		i.Tenant = domain.TenantID{}
		n.Idempotency = &i
	}
	return s.Tenants.Create(ctx, n)
}

type forgetful struct{ porttest.Tenants }

func (s forgetful) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	n.Idempotency = nil
	return s.Tenants.Create(ctx, n)
}

type backwards struct{ porttest.Tenants }

func (s backwards) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	page, err := s.Tenants.List(ctx, after, limit)
	for i, j := 0, len(page)-1; i < j; i, j = i+1, j-1 {
		page[i], page[j] = page[j], page[i]
	}
	return page, err
}

type generous struct {
	ports.ReservationStore
	spent *sync.Map
}

func (s generous) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	got, err := s.ReservationStore.Claim(ctx, c)
	if err == nil {
		s.spent.Store(c.Token, got)
	} else if first, found := s.spent.Load(c.Token); found {
		return first.(ports.ClaimedTenant), nil
	}
	return got, err
}

type careless struct{ ports.ReservationStore }

func (s careless) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	c.Tenant = domain.TenantID{}
	return s.ReservationStore.Claim(ctx, c)
}

// eager signs the owner up before it checks the token.
type eager struct{ ports.ReservationStore }

func (s eager) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if c.SignUp == nil {
		return s.ReservationStore.Claim(ctx, c)
	}
	owner, err := c.SignUp(ctx)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	c.Owner, c.SignUp = owner, nil
	return s.ReservationStore.Claim(ctx, c)
}

// fickle gives up a claim with its caller, also after the account was created.
type fickle struct{ ports.ReservationStore }

func (s fickle) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if signUp := c.SignUp; signUp != nil {
		c.SignUp = func(ctx context.Context) (domain.Identity, error) {
			who, err := signUp(ctx)
			return who, errors.Join(err, ctx.Err())
		}
	}
	return s.ReservationStore.Claim(ctx, c)
}

// unlimited ignores the limit that change removes.
type unlimited struct {
	porttest.Tenants
	change func(*ports.MakingLimits)
}

func (s unlimited) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	s.change(&n.Limits)
	return s.Tenants.Create(ctx, n)
}

// crowded ignores the limits of reservations.
type crowded struct{ ports.ReservationStore }

func (s crowded) Reserve(ctx context.Context, n ports.ReservationRequest) (domain.Tenant, error) {
	n.Limits = nil
	return s.ReservationStore.Reserve(ctx, n)
}

// misplaced loses the field of its errors.
type misplaced struct{ porttest.Tenants }

func (s misplaced) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	created, err := s.Tenants.Create(ctx, n)
	if e, ok := errors.AsType[*domain.Error](err); ok {
		lost := *e
		lost.Field = ""
		err = &lost
	}
	return created, err
}
