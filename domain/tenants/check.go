package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Check returns what is left of tenants that do not exist, what existing ones lack, and the
// purges that failed. It looks for files under the IDs of tenants that are gone or never
// existed. Without a proof of the operator it returns [domain.Forbidden].
func (s *Service) Check(ctx context.Context, by access.Operator) ([]ports.TenantFault, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	faults, err := s.Checker.Check(ctx)
	if err != nil || s.ObjectTenants == nil {
		return faults, err
	}
	for id, err := range s.ObjectTenants.Tenants(ctx) {
		if err != nil {
			return nil, err
		}
		fault, err := s.leftoverFiles(ctx, id)
		if err != nil {
			return nil, err
		}
		if fault != "" {
			faults = append(faults, ports.TenantFault{Tenant: id.String(), What: fault})
		}
	}
	return faults, nil
}

// leftoverFiles returns what is wrong with files under the ID, and "" if they are a tenant's.
func (s *Service) leftoverFiles(ctx context.Context, id domain.TenantID) (string, error) {
	details, err := s.Lifecycle.Details(ctx, id)
	switch {
	case domain.CodeOf(err) == domain.CodeTenantNotFound:
		return "files of a tenant that does not exist; look at them, then remove them by the command tenants free " + id.String() + " --objects", nil
	case err != nil:
		return "", err
	case details.Status == domain.Gone:
		return "files of a tenant that is gone; a server removes them a day after the purge, and the command tenants free with --objects later ones", nil
	case details.Status == domain.Unclaimed:
		return "files under a reserved ID, which cannot be claimed therefore; when the reservation has expired, remove them by the command tenants free " + id.String() + " --objects", nil
	}
	return "", nil
}
