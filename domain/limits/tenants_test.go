package limits

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

var acme, bolt = domain.Must(domain.ParseTenantID("acme")), domain.Must(domain.ParseTenantID("bolt"))

// fill begins requests until one is refused, and returns how many began and how they end.
func fill(t *testing.T, begin func(domain.TenantID) (func(), error), id domain.TenantID) (ends []func()) {
	t.Helper()
	for len(ends) < 100 {
		end, err := begin(id)
		if err != nil {
			e, ok := errors.AsType[*domain.Error](err)
			if !ok || e.Kind != domain.Limited || e.Code != domain.CodeTenantBusy || e.RetryAfter <= 0 {
				t.Fatalf("beyond the limit: %v, want tenant_busy and when to try again", err)
			}
			return ends
		}
		ends = append(ends, end)
	}
	return ends
}

func mustBegin(t *testing.T, tenants *Tenants, id domain.TenantID, want int) (ends []func()) {
	t.Helper()
	ends = fill(t, tenants.Begin, id)
	if len(ends) != want {
		t.Errorf("%s began %d requests, want %d", id, len(ends), want)
	}
	return ends
}

func TestATenantHasItsOwnLimitOrTheDefault(t *testing.T) {
	tenants := NewTenants(domain.TenantLimits{MaxRequests: 3, MaxConnections: 4})
	tenants.Note(acme, domain.TenantLimits{MaxRequests: 5})
	endAll(mustBegin(t, tenants, acme, 5))
	endAll(mustBegin(t, tenants, bolt, 3))
	if n := tenants.MaxConnections(acme); n != 4 {
		t.Errorf("a tenant without a limit of connections may use %d, want the default of 4", n)
	}
	tenants.Note(acme, domain.TenantLimits{MaxConnections: 2})
	endAll(mustBegin(t, tenants, acme, 3))
	if n := tenants.MaxConnections(acme); n != 2 {
		t.Errorf("a tenant with a limit of 2 connections may use %d", n)
	}
	tenants.Note(acme, domain.TenantLimits{})
	if n := tenants.MaxConnections(acme); n != 4 {
		t.Errorf("a tenant whose limit was removed may use %d connections, want the default of 4", n)
	}
	if len(tenants.own)+len(tenants.inFlight) != 0 {
		t.Errorf("%v and %v are left", tenants.own, tenants.inFlight)
	}
}

func TestATenantUsesUpItsOwnLimitAlone(t *testing.T) {
	tenants := NewTenants(domain.TenantLimits{MaxRequests: 3})
	ends := mustBegin(t, tenants, acme, 3)
	if n := len(fill(t, tenants.BeginAnyone, bolt)); n != 3 {
		t.Errorf("callers who prove nothing began %d requests, want 3", n)
	}
	mustBegin(t, tenants, bolt, 3)
	ends[0]()
	mustBegin(t, tenants, acme, 1)
}

func TestNoLimit(t *testing.T) {
	for name, tenants := range map[string]*Tenants{"nil": nil, "zero limits": NewTenants(domain.TenantLimits{})} {
		t.Run(name, func(t *testing.T) {
			tenants.Note(bolt, domain.TenantLimits{})
			endAll(mustBegin(t, tenants, acme, 100))
			if n := tenants.MaxConnections(acme); n != 0 {
				t.Errorf("a tenant may use %d connections, want no limit", n)
			}
		})
	}
}

func TestRememberedLimitsAreBounded(t *testing.T) {
	tenants := NewTenants(domain.TenantLimits{})
	tenants.size = 8
	for i := range 100 {
		id := domain.Must(domain.ParseTenantID(fmt.Sprint("tenant-", i)))
		tenants.Note(id, domain.TenantLimits{MaxConnections: 7})
		if n := tenants.MaxConnections(id); n != 7 || len(tenants.own) > 8 {
			t.Fatalf("the last of %d tenants may use %d connections, and the limits of %d are remembered", i+1, n, len(tenants.own))
		}
	}
}

func TestRequestsThatBeginAtOnceKeepTheLimit(t *testing.T) {
	const most = 4
	tenants := NewTenants(domain.TenantLimits{MaxRequests: most})
	var inFlight, refused atomic.Int64
	var callers sync.WaitGroup
	for range 32 {
		callers.Go(func() {
			for range 200 {
				end, err := tenants.Begin(acme)
				if err != nil {
					refused.Add(1)
					continue
				}
				if n := inFlight.Add(1); n > most {
					t.Errorf("%d requests are in flight", n)
				}
				inFlight.Add(-1)
				end()
			}
		})
	}
	callers.Wait()
	if len(tenants.inFlight) != 0 {
		t.Errorf("%v is left, after %d requests were refused", tenants.inFlight, refused.Load())
	}
}

func endAll(ends []func()) {
	for _, end := range ends {
		end()
	}
}
