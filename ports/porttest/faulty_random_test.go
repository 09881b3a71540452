package porttest_test

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Adapters that random calls show to break a promise.

func randomFaults() map[string]fault {
	const model, events = "calls for tenants of one's own have the answers of a model", "calls for the same tenants at once leave what their events describe"
	return map[string]fault{
		"a rule ignored in some of many calls": {randomly(func(s *porttest.Tenancy) { s.Changer = lawless{s.Changer} }), model},
		"an owner too few in some of many":     {randomly(func(s *porttest.Tenancy) { s.Changer = reckless{s.Changer} }), model},
		"an event forgotten among many":        {randomly(func(s *porttest.Tenancy) { s.Events = forgetsRemovals{s.Events} }), events},
		"an ID freed too early among many":     {randomly(func(s *porttest.Tenancy) { s.Purges = liberal{s.Purges} }), model},
		"a suspended member admitted":          {randomly(func(s *porttest.Tenancy) { s.Members = hospitable{s.Members, s.Lister} }), model},
	}
}

func randomly(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.RandomCalls(t, opensTenancy(breaks), 4000, 1) }
}

// hospitable admits every member, whatever the condition of the membership.
type hospitable struct {
	ports.MemberStore
	lister ports.MemberLister
}

func (s hospitable) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (ports.Admission, error) {
	found, err := s.MemberStore.Find(ctx, who, id)
	if err == nil {
		return found, nil
	}
	members, listErr := s.lister.List(ctx, ports.MemberQuery{Tenant: id, Limit: 100})
	if listErr != nil {
		return found, err
	}
	for _, m := range members {
		if m.Identity == who {
			return ports.Admission{Status: domain.Active, Role: m.Role}, nil
		}
	}
	return found, err
}
