package memory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Registry keeps tenants, their members and their claims. It is a
// [ports.TenantStore], [ports.MemberStore] and [ports.InvitationStore].
type Registry struct {
	Breakable
	Now func() time.Time // nil: [time.Now]

	mu      sync.Mutex
	tenants map[domain.TenantID]*tenant
	order   []domain.TenantID // of tenants, sorted
	places  map[domain.Identity]map[domain.TenantID]domain.Membership
	claims  map[domain.TokenHash]*claim
	answers map[request]answer
}

type tenant struct {
	domain.Tenant
	claim domain.TokenHash // zero if it was made with an owner
}

// request is what makes two creating requests one.
type request struct {
	identity   domain.Identity
	route, key string
}

// answer is what a creating request was told.
type answer struct {
	fingerprint [32]byte
	tenant      domain.Tenant
	expiresAt   time.Time
}

const answerTTL = 24 * time.Hour

var (
	errLastOwner           = &domain.Error{Kind: domain.Conflict, Code: domain.CodeLastOwner, Field: "role", Message: "a tenant keeps one owner at least; make somebody else an owner first"}
	errTenantNotFound      = &domain.Error{Kind: domain.NotFound, Code: domain.CodeTenantNotFound, Message: "there is no such tenant"}
	errTenantExists        = &domain.Error{Kind: domain.Conflict, Code: domain.CodeTenantExists, Field: "tenantId", Message: "this tenant ID is taken; choose another"}
	errIdempotencyMismatch = &domain.Error{Kind: domain.Unprocessable, Code: domain.CodeIdempotencyMismatch, Field: "Idempotency-Key", Message: "this key was used for another request; choose another"}

	errNoTenant   = domain.Invalidf("tenantId", "a tenant ID is required")
	errNoIdentity = domain.Invalidf("sub", "an identity is required")
)

// Ready implements [ports.Dependency].
func (r *Registry) Ready(ctx context.Context) error {
	return r.ready(ctx, domain.CodeDatabaseUnavailable, "the registry can't be reached")
}

// Create implements [ports.TenantStore]. A twin waits for the first at the lock.
func (r *Registry) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	if err := checkNew(n); err != nil {
		return ports.CreatedTenant{}, err
	}
	if err := r.Ready(ctx); err != nil {
		return ports.CreatedTenant{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	if first, found := r.answered(n.Idempotency, now); found {
		if first.fingerprint != n.Idempotency.Fingerprint {
			return ports.CreatedTenant{}, errIdempotencyMismatch
		}
		return ports.CreatedTenant{Tenant: first.tenant, Replayed: true}, nil
	}
	if r.find(n.ID, now) != nil {
		return ports.CreatedTenant{}, errTenantExists
	}
	r.remove(n.ID) // what is left of one whose claim has expired
	made := r.add(n, now)
	if i := n.Idempotency; i != nil {
		set(&r.answers, request{i.Identity, i.Route, i.Key}, answer{i.Fingerprint, made, now.Add(answerTTL)})
	}
	return ports.CreatedTenant{Tenant: made}, nil
}

func checkNew(n ports.NewTenant) error {
	switch {
	case n.ID.IsZero():
		return errNoTenant
	case n.Owner.IsZero() == (n.Claim == nil):
		return domain.Invalidf("owner", "a new tenant has either an owner or a claim")
	case n.Idempotency != nil && n.Idempotency.Identity.IsZero():
		return errNoIdentity
	}
	return nil
}

// answered returns the answer that i's request was given in the last 24 hours.
func (r *Registry) answered(i *ports.Idempotency, now time.Time) (answer, bool) {
	if i == nil {
		return answer{}, false
	}
	first, found := r.answers[request{i.Identity, i.Route, i.Key}]
	return first, found && now.Before(first.expiresAt)
}

func (r *Registry) add(n ports.NewTenant, now time.Time) domain.Tenant {
	t := &tenant{Tenant: domain.Tenant{ID: n.ID, Name: n.Name, Status: domain.Active, CreatedAt: now}}
	if n.Claim != nil {
		t.Status, t.ClaimExpiresAt, t.claim = domain.Unclaimed, now.Add(n.Claim.TTL), n.Claim.Hash
		set(&r.claims, n.Claim.Hash, &claim{tenant: n.ID, expiresAt: t.ClaimExpiresAt})
	} else {
		r.place(domain.Membership{Tenant: n.ID, Identity: n.Owner, Role: domain.RoleOwner, CreatedAt: now})
	}
	set(&r.tenants, n.ID, t)
	at, _ := slices.BinarySearchFunc(r.order, n.ID, compareIDs)
	r.order = slices.Insert(r.order, at, n.ID)
	return t.Tenant
}

// find returns tenant id, or nil if it is absent, which it is too when its claim
// has expired.
func (r *Registry) find(id domain.TenantID, now time.Time) *tenant {
	t := r.tenants[id]
	if t == nil || t.expired(now) {
		return nil
	}
	return t
}

func (t *tenant) expired(now time.Time) bool {
	return t.Status == domain.Unclaimed && !now.Before(t.ClaimExpiresAt)
}

// remove takes an unclaimed tenant away. Nobody can be a member of it.
func (r *Registry) remove(id domain.TenantID) {
	t := r.tenants[id]
	if t == nil {
		return
	}
	delete(r.claims, t.claim)
	delete(r.tenants, id)
	at, _ := slices.BinarySearchFunc(r.order, id, compareIDs)
	r.order = slices.Delete(r.order, at, at+1)
}

func compareIDs(a, b domain.TenantID) int { return strings.Compare(a.String(), b.String()) }

// Clock implements [ports.TenantStore].
func (r *Registry) Clock(ctx context.Context, id domain.TenantID) (time.Time, error) {
	if id.IsZero() {
		return time.Time{}, errNoTenant
	}
	if err := r.Ready(ctx); err != nil {
		return time.Time{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	if t := r.find(id, now); t == nil || t.Status == domain.Suspended {
		return time.Time{}, errTenantNotFound
	}
	return now, nil
}

// List implements [ports.TenantStore].
func (r *Registry) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	if err := r.Ready(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	at, found := slices.BinarySearchFunc(r.order, after, compareIDs)
	if found {
		at++
	}
	var page []domain.Tenant
	for ; at < len(r.order) && len(page) < limit; at++ {
		if t := r.find(r.order[at], now); t != nil {
			page = append(page, t.Tenant)
		}
	}
	return page, nil
}

// Sweep implements [ports.TenantStore]. It also forgets old idempotency keys.
func (r *Registry) Sweep(ctx context.Context) (int, error) {
	if err := r.Ready(ctx); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	var expired []domain.TenantID
	for id, t := range r.tenants {
		if t.expired(now) {
			expired = append(expired, id)
		}
	}
	for _, id := range expired {
		r.remove(id)
	}
	for asked, given := range r.answers {
		if !now.Before(given.expiresAt) {
			delete(r.answers, asked)
		}
	}
	return len(expired), nil
}
