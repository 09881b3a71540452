package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var _ ports.TenantChecker = (*Purges)(nil)

// Check implements [ports.TenantChecker].
func (s *Purges) Check(ctx context.Context) ([]ports.TenantFault, error) {
	if err := s.db.Ready(ctx); err != nil {
		return nil, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	var faults []ports.TenantFault
	found := func(id domain.TenantID, what string) {
		faults = append(faults, ports.TenantFault{Tenant: id.String(), What: what})
	}
	for _, places := range s.db.places {
		for id := range places {
			if s.db.tenants[id] == nil {
				found(id, "memberships of a tenant that does not exist")
			}
		}
	}
	for id, t := range s.db.tenants {
		if t.Status.AcceptsMembers() && s.db.owners(id) == 0 {
			faults = append(faults, ports.NoOwner(id.String()))
		}
	}
	for id, p := range s.db.purges {
		if p.failures > 0 {
			found(id, fmt.Sprintf("the purge failed %d times: %s", p.failures, p.failure))
		}
	}
	slices.SortFunc(faults, func(a, b ports.TenantFault) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.What, b.What))
	})
	return slices.Compact(faults), nil
}
