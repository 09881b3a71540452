package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Fault is something of a tenant that should not be, or that is missing.
type Fault struct {
	Tenant string // its ID
	What   string // for the operator
	Fix    string // what the operator does about it; empty where What names the cause
}

// Check returns what is left of tenants that do not exist, what existing ones lack, and the
// purges that failed. It looks for files under the IDs of tenants that are gone or never
// existed. Without a proof of the operator it returns [domain.Forbidden].
func (s *Service) Check(ctx context.Context, by access.Operator) ([]Fault, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	found, err := s.Checker.Check(ctx)
	if err != nil {
		return nil, err
	}
	var faults []Fault
	for _, f := range found {
		faults = append(faults, s.faultOf(f))
	}
	if s.ObjectTenants == nil {
		return faults, nil
	}
	for id, err := range s.ObjectTenants.Tenants(ctx) {
		if err != nil {
			return nil, err
		}
		fault, err := s.leftoverFiles(ctx, id)
		if err != nil {
			return nil, err
		}
		if fault.What != "" {
			faults = append(faults, fault)
		}
	}
	return faults, nil
}

func (s *Service) faultOf(f ports.TenantFault) Fault {
	fault := Fault{Tenant: f.Tenant, What: f.What, Fix: f.Fix}
	if f.LacksOwner {
		fault.Fix = s.Advice.makeOwner(f.Tenant)
	}
	return fault
}

// leftoverFiles returns what is wrong with files under the ID: nothing if they are a tenant's.
func (s *Service) leftoverFiles(ctx context.Context, id domain.TenantID) (Fault, error) {
	tenant := id.String()
	remove := s.Advice.removeFiles(tenant)
	details, err := s.Lifecycle.Details(ctx, id)
	switch {
	case domain.CodeOf(err) == domain.CodeTenantNotFound:
		return Fault{tenant, "files of a tenant that does not exist", "look at them, then " + remove}, nil
	case err != nil:
		return Fault{}, err
	case details.Status == domain.Gone:
		return Fault{tenant, "files of a tenant that is gone", "wait until a day after the purge, when a server removes them; then " + remove}, nil
	case details.Status == domain.Unclaimed:
		return Fault{tenant, "files under a reserved ID, which cannot be claimed therefore", "wait until the reservation has expired, then " + remove}, nil
	}
	return Fault{}, nil
}
