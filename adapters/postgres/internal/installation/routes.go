package installation

import (
	"sync"

	"github.com/partywall-go/partywall/domain"
)

// Routes caches the gates of the tenants that were requested lately, so that a request
// reads none from the database. An entry may be wrong because the tenant has moved. The
// opening of a scope detects that.
type Routes struct {
	mu         sync.RWMutex
	young, old map[domain.TenantID]int // old is the generation before young
}

// routesOfGeneration is how many tenants a generation of [Routes] holds.
const routesOfGeneration = 32768

// Find returns the tenant's gate.
func (r *Routes) Find(id domain.TenantID) (gate int, found bool) {
	r.mu.RLock()
	gate, found = r.young[id]
	if found {
		r.mu.RUnlock()
		return gate, true
	}
	gate, found = r.old[id]
	r.mu.RUnlock()
	if found {
		r.Set(id, gate)
	}
	return gate, found
}

// Set remembers the tenant's gate.
func (r *Routes) Set(id domain.TenantID, gate int) {
	r.mu.RLock()
	known, found := r.young[id]
	r.mu.RUnlock()
	if found && known == gate {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= routesOfGeneration {
		r.old, r.young = r.young, make(map[domain.TenantID]int)
	}
	r.young[id] = gate
}
