package memory

import (
	"context"
	"iter"

	"github.com/partywall-go/partywall/domain"
)

// Tenants implements [ports.ObjectTenants].
func (o *Objects) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		if err := o.Ready(ctx); err != nil {
			yield(domain.TenantID{}, err)
			return
		}
		for id := range o.tenants() {
			if err := ctx.Err(); err != nil {
				yield(domain.TenantID{}, err)
				return
			}
			if !yield(id, nil) {
				return
			}
		}
	}
}

func (o *Objects) tenants() map[domain.TenantID]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[domain.TenantID]bool{}
	for key := range o.objects {
		found[key.Tenant()] = true
	}
	return found
}
