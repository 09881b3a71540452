package limits

import (
	"sync"

	"github.com/partywall-go/partywall/domain"
)

// Tenants limits what each tenant takes of this process. It counts the requests that are
// in flight, and remembers the limits of the tenants that have some of their own, as the
// look-ups of their members read them.
//
// Its memory is bounded: a count exists only while a request is in flight, and of more
// tenants with limits of their own than it holds, some have the default until the next
// look-up. A nil *Tenants limits nothing. Tenants may be used by many goroutines at once.
type Tenants struct {
	defaults domain.TenantLimits // 0: no limit
	size     int                 // of own

	mu       sync.Mutex
	own      map[domain.TenantID]domain.TenantLimits
	inFlight map[flight]int
}

// flight is a key of the counts. The requests of a tenant's members and those of callers
// without a proof are counted apart, so that strangers do not use up the members' limit.
type flight struct {
	tenant domain.TenantID
	anyone bool
}

// NewTenants returns Tenants with these limits for tenants that have none of their own. A
// limit of 0 is none.
func NewTenants(defaults domain.TenantLimits) *Tenants {
	return &Tenants{
		defaults: defaults,
		size:     maxKeys,
		own:      make(map[domain.TenantID]domain.TenantLimits),
		inFlight: make(map[flight]int),
	}
}

// Note remembers a tenant's own limits, as they were just read.
func (t *Tenants) Note(id domain.TenantID, own domain.TenantLimits) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if own == (domain.TenantLimits{}) {
		delete(t.own, id)
		return
	}
	if _, found := t.own[id]; !found && len(t.own) >= t.size {
		for other := range t.own {
			delete(t.own, other)
			break
		}
	}
	t.own[id] = own
}

// Begin counts a request on behalf of a member of the tenant until end is called, once.
// Beyond the limit it counts nothing, and returns [domain.CodeTenantBusy].
func (t *Tenants) Begin(id domain.TenantID) (end func(), err error) {
	return t.begin(flight{tenant: id})
}

// BeginAnyone is [Tenants.Begin] for a caller who proves nothing. Such requests have a
// count of their own, with the same limit.
func (t *Tenants) BeginAnyone(id domain.TenantID) (end func(), err error) {
	return t.begin(flight{id, true})
}

func (t *Tenants) begin(f flight) (end func(), err error) {
	if t == nil {
		return func() {}, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if most := t.of(f.tenant).MaxRequests; most > 0 && t.inFlight[f] >= most {
		return nil, domain.NewError(domain.CodeTenantBusy)
	}
	t.inFlight[f]++
	return func() { t.end(f) }, nil
}

func (t *Tenants) end(f flight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inFlight[f]--; t.inFlight[f] == 0 {
		delete(t.inFlight, f)
	}
}

// MaxConnections returns how many connections to the database the tenant may use at once,
// and 0 for no limit.
func (t *Tenants) MaxConnections(id domain.TenantID) int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(id).MaxConnections
}

// of returns the limits that apply to the tenant.
func (t *Tenants) of(id domain.TenantID) domain.TenantLimits {
	limits, own := t.defaults, t.own[id]
	if own.MaxRequests > 0 {
		limits.MaxRequests = own.MaxRequests
	}
	if own.MaxConnections > 0 {
		limits.MaxConnections = own.MaxConnections
	}
	return limits
}
