package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Check returns what is left of tenants that do not exist, what existing ones lack, and the
// purges that failed. It looks for files under the IDs of tenants that are gone. Without a
// proof of the operator it returns [domain.Forbidden].
func (s *Service) Check(ctx context.Context, by access.Operator) ([]ports.TenantFault, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	faults, err := s.Checker.Check(ctx)
	if err != nil {
		return nil, err
	}
	for after := (domain.TenantID{}); ; {
		page, err := s.Directory.Search(ctx, ports.TenantQuery{Status: domain.Gone}, after, maxPage)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			after = t.ID
			has, err := s.hasObjects(ctx, t.ID)
			if err != nil {
				return nil, err
			}
			if has {
				faults = append(faults, ports.TenantFault{Tenant: t.ID.String(), What: "files of a tenant that is gone; a server removes them a day after the purge, and the command tenants free with --objects later ones"})
			}
		}
		if len(page) < maxPage {
			return faults, nil
		}
	}
}
