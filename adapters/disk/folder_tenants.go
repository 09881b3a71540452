package disk

import (
	"context"
	"iter"

	"github.com/partywall-go/partywall/domain"
)

// tenants returns the tenants that have a file, damaged ones included.
func (f *folder) tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		for name, err := range f.children(".") {
			if err != nil {
				yield(domain.TenantID{}, err)
				return
			}
			id, err := domain.ParseTenantID(name)
			if err != nil || id.String() != name {
				continue
			}
			holds, err := f.holds(ctx, id)
			if (holds || err != nil) && (!yield(id, err) || err != nil) {
				return
			}
		}
	}
}
