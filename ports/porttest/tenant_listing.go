package porttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// listTenants is the part of [TenantStore] that is about pages.
func listTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("tenants and reservations come in the order of their IDs by byte, page after page", func(t *testing.T) {
		s, stem := open(t), "list"+unique()
		// By byte '-' comes before digits and digits before letters, which a
		// database's locale may see otherwise.
		suffixes := []string{"", "-a", "-b", "0", "1", "10", "2", "a", "a-b", "aa", "ab", "b"}
		var want []domain.Tenant
		for i, suffix := range suffixes {
			n, r := owned(t), reservation(t)
			n.ID = tenantID(t, stem+suffix)
			if r.ID = n.ID; i%3 == 0 {
				want = append(want, reserve(t, s, r))
				continue
			}
			want = append(want, create(t, s.Tenants, n).Tenant)
		}
		for _, size := range []int{1, 5, len(suffixes), 200} {
			got := slices.DeleteFunc(listAll(t, s.Tenants, size), func(tenant domain.Tenant) bool { return !strings.HasPrefix(tenant.ID.String(), stem) })
			if len(got) != len(want) {
				t.Fatalf("pages of %d: %d tenants, want %d", size, len(got), len(want))
			}
			for i := range want {
				mustBeSame(t, got[i], want[i])
			}
		}
	})
	t.Run("a page starts behind an ID that no tenant has", func(t *testing.T) {
		s, stem := open(t), "gap"+unique()
		n := owned(t)
		n.ID = tenantID(t, stem+"-c")
		create(t, s.Tenants, n)
		got, err := s.Tenants.List(t.Context(), tenantID(t, stem+"-b"), 1)
		mustDo(t, err)
		if len(got) != 1 || got[0].ID != n.ID {
			t.Errorf("got %v", got)
		}
	})
	t.Run("tenants of every status are listed", func(t *testing.T) {
		s := open(t)
		active, suspended, unclaimed := owned(t), owned(t), reservation(t)
		want := map[domain.TenantID]domain.TenantStatus{active.ID: domain.Active, suspended.ID: domain.Suspended, unclaimed.ID: domain.Unclaimed}
		create(t, s.Tenants, active)
		create(t, s.Tenants, suspended)
		reserve(t, s, unclaimed)
		s.Suspend(t, suspended.ID)
		for _, tenant := range listAll(t, s.Tenants, 200) {
			if status, ours := want[tenant.ID]; ours && status == tenant.Status {
				delete(want, tenant.ID)
			}
		}
		if len(want) != 0 {
			t.Errorf("missed %v", want)
		}
	})
	t.Run("a page of none is empty", func(t *testing.T) {
		s := open(t)
		create(t, s.Tenants, owned(t))
		got, err := s.Tenants.List(t.Context(), domain.TenantID{}, 0)
		mustDo(t, err)
		if len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
}

// listAll walks all pages and checks their size and order on the way.
func listAll(t *testing.T, store ports.TenantRegistry, size int) []domain.Tenant {
	t.Helper()
	var all []domain.Tenant
	var after domain.TenantID
	for {
		page, err := store.List(t.Context(), after, size)
		mustDo(t, err)
		if len(page) > size {
			t.Fatalf("a page of %d has %d tenants", size, len(page))
		}
		for _, tenant := range page {
			if tenant.ID.String() <= after.String() {
				t.Fatalf("%s comes after %s", tenant.ID, after)
			}
			after = tenant.ID
		}
		if all = append(all, page...); len(page) == 0 {
			return all
		}
	}
}
