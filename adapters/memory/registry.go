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

// Registry keeps tenants, their members and the reservations of their IDs. It is a
// [ports.TenantStore], [ports.MemberStore] and [ports.ReservationStore].
type Registry struct {
	Breakable
	Now func() time.Time // nil: [time.Now]

	mu           sync.Mutex
	tenants      map[domain.TenantID]*domain.Tenant
	upgrading    map[domain.TenantID]bool // see SetUpgrading
	reservations map[domain.TenantID]*reservation
	tokens       map[domain.TokenHash]domain.TenantID // of the reservations
	spent        map[domain.TokenHash]spentClaim
	places       map[domain.Identity]map[domain.TenantID]domain.Membership
	answers      map[request]answer
	makings      map[any]making // by what made the tenant: the hash of a claim token, or a key of its own
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
	errLastOwner           = domain.NewError(domain.CodeLastOwner)
	errTenantNotFound      = domain.NewError(domain.CodeTenantNotFound)
	errTenantUpgrading     = domain.NewError(domain.CodeTenantUpgrading)
	errTenantExists        = domain.NewError(domain.CodeTenantExists)
	errIdempotencyMismatch = domain.NewError(domain.CodeIdempotencyMismatch)

	errNoTenant   = domain.Invalidf("tenantId", "a tenant ID is required")
	errNoIdentity = domain.Invalidf("sub", "an identity is required")
)

// Ready implements [ports.Dependency].
func (r *Registry) Ready(ctx context.Context) error {
	return r.ready(ctx, domain.NewError(domain.CodeDatabaseUnavailable))
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
	if err := r.allow(n.Limits, n.Owner, now); err != nil {
		return ports.CreatedTenant{}, err
	}
	if r.taken(n.ID, now) {
		return ports.CreatedTenant{}, errTenantExists
	}
	r.count(n.Limits, new(int), now)
	r.unreserve(n.ID) // what is left of a reservation that has expired
	made := r.add(domain.Tenant{ID: n.ID, Name: n.Name, Status: domain.Active, CreatedAt: now}, n.Owner, now)
	if i := n.Idempotency; i != nil {
		set(&r.answers, request{i.Identity, i.Route, i.Key}, answer{i.Fingerprint, made, now.Add(answerTTL)})
	}
	return ports.CreatedTenant{Tenant: made}, nil
}

func checkNew(n ports.NewTenant) error {
	switch {
	case n.ID.IsZero():
		return errNoTenant
	case n.Owner.IsZero(), n.Idempotency != nil && n.Idempotency.Identity.IsZero():
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

// taken reports whether a tenant or a reservation has the ID.
func (r *Registry) taken(id domain.TenantID, now time.Time) bool {
	return r.tenants[id] != nil || r.reserved(id, now) != nil
}

func (r *Registry) add(t domain.Tenant, owner domain.Identity, now time.Time) domain.Tenant {
	set(&r.tenants, t.ID, &t)
	r.place(domain.Membership{Tenant: t.ID, Identity: owner, Role: domain.RoleOwner, CreatedAt: now})
	return t
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
	t := r.tenants[id]
	switch {
	case t != nil && t.Status.ServesMembers() && r.upgrading[id]:
		return time.Time{}, errTenantUpgrading
	case t != nil && t.Status.ServesMembers(), r.reserved(id, now) != nil:
		return now, nil
	}
	return time.Time{}, errTenantNotFound
}

// List implements [ports.TenantStore].
func (r *Registry) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	if err := r.Ready(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	var page []domain.Tenant
	for _, t := range r.tenants {
		page = append(page, *t)
	}
	for id := range r.reservations {
		if reserved := r.reserved(id, now); reserved != nil {
			page = append(page, reserved.Tenant)
		}
	}
	page = slices.DeleteFunc(page, func(t domain.Tenant) bool { return compareIDs(t.ID, after) <= 0 })
	slices.SortFunc(page, func(a, b domain.Tenant) int { return compareIDs(a.ID, b.ID) })
	return page[:min(max(limit, 0), len(page))], nil
}

// Sweep implements [ports.TenantStore]. It also forgets old idempotency keys, and
// tenants that no longer count.
func (r *Registry) Sweep(ctx context.Context) (int, error) {
	if err := r.Ready(ctx); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	freed := 0
	for id := range r.reservations {
		if r.reserved(id, now) == nil {
			r.unreserve(id)
			freed++
		}
	}
	for asked, given := range r.answers {
		if !now.Before(given.expiresAt) {
			delete(r.answers, asked)
		}
	}
	for by, m := range r.makings {
		if now.Sub(m.at) >= ports.UnconfirmedDay {
			delete(r.makings, by)
		}
	}
	return freed, nil
}
