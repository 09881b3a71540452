package porttest_test

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func lifecycleFaults() map[string]fault {
	lifecycle := func(wrap func(ports.TenantLifecycle) ports.TenantLifecycle) func(*testing.T) {
		return func(t *testing.T) {
			porttest.TenantLifecycle(t, opensTenancy(func(s *porttest.Tenancy) { s.Lifecycle = wrap(s.Lifecycle) }))
		}
	}
	directory := func(wrap func(ports.TenantDirectory) ports.TenantDirectory) func(*testing.T) {
		return func(t *testing.T) {
			porttest.TenantDirectory(t, opensTenancy(func(s *porttest.Tenancy) { s.Directory = wrap(s.Directory) }))
		}
	}
	return map[string]fault{
		"a stranger's change":     {lifecycle(func(l ports.TenantLifecycle) ports.TenantLifecycle { return trusting{l} }), "an actor who does not own the tenant changes nothing"},
		"a revision ignored":      {lifecycle(func(l ports.TenantLifecycle) ports.TenantLifecycle { return headstrong{l} }), "of many edits of one revision at once, one succeeds"},
		"a reason forgotten":      {lifecycle(func(l ports.TenantLifecycle) ports.TenantLifecycle { return laconic{l} }), "a suspended tenant serves no member until it is resumed"},
		"limits forgotten":        {lifecycle(func(l ports.TenantLifecycle) ports.TenantLifecycle { return unbounded{l} }), "the limits of a tenant are kept, and found with its members"},
		"a record of a free ID":   {lifecycle(func(l ports.TenantLifecycle) ports.TenantLifecycle { return inventive{l} }), "an ID without a tenant has no record, and is not changed"},
		"a filter ignored":        {directory(func(d ports.TenantDirectory) ports.TenantDirectory { return indifferent{d} }), "a search returns the tenants that all of its conditions select"},
		"a page of one too many":  {directory(func(d ports.TenantDirectory) ports.TenantDirectory { return overflowing{d} }), "a search comes page after page, with the record of each tenant but its settings"},
		"a visible list cut wide": {directory(func(d ports.TenantDirectory) ports.TenantDirectory { return overflowing{d} }), "a member sees active tenants, and an owner suspended and deleted ones too"},
	}
}

// trusting takes each actor for the operator.
type trusting struct{ ports.TenantLifecycle }

func (l trusting) Change(ctx context.Context, c ports.TenantChange) (domain.TenantDetails, error) {
	c.By = domain.OperatorActor()
	return l.TenantLifecycle.Change(ctx, c)
}

// headstrong changes any revision.
type headstrong struct{ ports.TenantLifecycle }

func (l headstrong) Change(ctx context.Context, c ports.TenantChange) (domain.TenantDetails, error) {
	c.If = ""
	return l.TenantLifecycle.Change(ctx, c)
}

// laconic keeps no reason.
type laconic struct{ ports.TenantLifecycle }

func (l laconic) Change(ctx context.Context, c ports.TenantChange) (domain.TenantDetails, error) {
	c.Reason = ""
	return l.TenantLifecycle.Change(ctx, c)
}

// unbounded keeps no limits.
type unbounded struct{ ports.TenantLifecycle }

func (l unbounded) Change(ctx context.Context, c ports.TenantChange) (domain.TenantDetails, error) {
	c.Limits = domain.TenantLimitsEdit{}
	return l.TenantLifecycle.Change(ctx, c)
}

// inventive has a record of each ID.
type inventive struct{ ports.TenantLifecycle }

func (l inventive) Details(ctx context.Context, id domain.TenantID) (domain.TenantDetails, error) {
	found, err := l.TenantLifecycle.Details(ctx, id)
	if domain.CodeOf(err) == domain.CodeTenantNotFound {
		return domain.TenantDetails{Tenant: domain.Tenant{ID: id}}, nil
	}
	return found, err
}

// indifferent returns all tenants.
type indifferent struct{ ports.TenantDirectory }

func (d indifferent) Search(ctx context.Context, _ ports.TenantQuery, after domain.TenantID, limit int) ([]domain.TenantDetails, error) {
	return d.TenantDirectory.Search(ctx, ports.TenantQuery{}, after, limit)
}

// overflowing returns one tenant too many.
type overflowing struct{ ports.TenantDirectory }

func (d overflowing) Search(ctx context.Context, query ports.TenantQuery, after domain.TenantID, limit int) ([]domain.TenantDetails, error) {
	return d.TenantDirectory.Search(ctx, query, after, limit+1)
}

func (d overflowing) Visible(ctx context.Context, identity domain.Identity, limit int) ([]ports.TenantMembership, error) {
	return d.TenantDirectory.Visible(ctx, identity, limit+1)
}
