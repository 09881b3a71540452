package porttest_test

import (
	"context"
	"iter"
	"sync"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Object stores, each of which breaks a promise of [ports.ObjectTenants].

func objectTenantFaults() map[string]fault {
	const onceEach = "each tenant with objects is found once, until they are purged"
	return map[string]fault{
		"a tenant found once an object":  {keptObjects(func(s porttest.Objects) porttest.Objects { return repetitive{s} }), onceEach},
		"tenants of objects overlooked":  {keptObjects(func(s porttest.Objects) porttest.Objects { return halfway{s} }), onceEach},
		"a tenant found after its purge": {keptObjects(func(s porttest.Objects) porttest.Objects { return remembering{s, &sync.Map{}} }), onceEach},
		"a search for ever":              {keptObjects(func(s porttest.Objects) porttest.Objects { return relentless{s} }), "the search for tenants ends with the caller's interest"},
	}
}

// repetitive finds a tenant as often as the tenant has objects.
type repetitive struct{ porttest.Objects }

func (s repetitive) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		for tenant, err := range s.Objects.Tenants(ctx) {
			objects, _ := s.List(ctx, domain.Must(domain.NewObjectPrefix(tenant, "")), domain.ObjectKey{}, 1000)
			for range max(len(objects), 1) {
				if !yield(tenant, err) {
					return
				}
			}
		}
	}
}

// halfway finds every second tenant.
type halfway struct{ porttest.Objects }

func (s halfway) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		n := 0
		for tenant, err := range s.Objects.Tenants(ctx) {
			if n++; n%2 == 1 && !yield(tenant, err) {
				return
			}
		}
	}
}

// remembering goes on to find each tenant that it found once.
type remembering struct {
	porttest.Objects
	found *sync.Map
}

func (s remembering) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		for tenant, err := range s.Objects.Tenants(ctx) {
			if err != nil {
				yield(tenant, err)
				return
			}
			s.found.Store(tenant, true)
		}
		s.found.Range(func(tenant, _ any) bool { return yield(tenant.(domain.TenantID), nil) })
	}
}

// relentless goes on after its caller has ended the search.
type relentless struct{ porttest.Objects }

func (s relentless) Tenants(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		for tenant, err := range s.Objects.Tenants(ctx) {
			_ = yield(tenant, err)
		}
	}
}
