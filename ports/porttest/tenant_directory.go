package porttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TenantDirectory runs the contract of [ports.TenantDirectory].
func TenantDirectory(t *testing.T, open func(t *testing.T) Tenancy) {
	searchTenants(t, open)
	listVisible(t, open)
}

// found returns the IDs of a search's first page, without the stem.
func found(t *testing.T, s Tenancy, stem string, query ports.TenantQuery) []string {
	t.Helper()
	page, err := s.Directory.Search(t.Context(), query, tenantID(t, stem), 200)
	mustDo(t, err)
	ids := []string{}
	for _, tenant := range page {
		if suffix, ours := strings.CutPrefix(tenant.ID.String(), stem+"-"); ours {
			ids = append(ids, suffix)
		}
	}
	return ids
}

func mustFind(t *testing.T, s Tenancy, stem string, query ports.TenantQuery, want ...string) {
	t.Helper()
	if got := found(t, s, stem, query); !slices.Equal(got, want) {
		t.Errorf("%+v finds %v, want %v", query, got, want)
	}
}

func searchTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a search returns the tenants that all of its conditions select", func(t *testing.T) {
		s, stem := open(t), "s"+unique()
		owner := newIdentity(t)
		for suffix, name := range map[string]string{"a": "Café 100%", "b": "Bolt", "c": "bolts_and_nuts"} {
			n := owned(t)
			n.ID, n.Name = tenantID(t, stem+"-"+suffix), name
			if suffix != "a" {
				n.Owner = owner
			}
			create(t, s.Tenants, n)
		}
		r := reservation(t)
		r.ID = tenantID(t, stem+"-r")
		reserve(t, s, r)
		s.operate(t, tenantID(t, stem+"-b"), suspend)
		s.operate(t, tenantID(t, stem+"-c"), remove)

		mustFind(t, s, stem, ports.TenantQuery{}, "a", "b", "c", "r")
		mustFind(t, s, stem, ports.TenantQuery{Status: domain.Active}, "a")
		mustFind(t, s, stem, ports.TenantQuery{Status: domain.Suspended}, "b")
		mustFind(t, s, stem, ports.TenantQuery{Status: domain.Deleted}, "c")
		mustFind(t, s, stem, ports.TenantQuery{Status: domain.Unclaimed}, "r")
		mustFind(t, s, stem, ports.TenantQuery{Status: domain.Purging})
		mustFind(t, s, stem, ports.TenantQuery{Status: "frozen"})
		mustFind(t, s, stem, ports.TenantQuery{Owner: owner}, "b", "c")
		mustFind(t, s, stem, ports.TenantQuery{Owner: newIdentity(t)})
		mustFind(t, s, stem, ports.TenantQuery{Text: "BOLT"}, "b", "c")
		mustFind(t, s, stem, ports.TenantQuery{Text: "100%"}, "a")
		mustFind(t, s, stem, ports.TenantQuery{Text: "s_a"}, "c")
		mustFind(t, s, stem, ports.TenantQuery{Text: `\`})
		mustFind(t, s, stem, ports.TenantQuery{Text: stem + "-B"}, "b")
		mustFind(t, s, stem, ports.TenantQuery{Text: "bolt", Owner: owner, Status: domain.Suspended}, "b")
	})
	t.Run("a search comes page after page, with the record of each tenant but its settings", func(t *testing.T) {
		s, stem := open(t), "p"+unique()
		var want []domain.TenantDetails
		for _, suffix := range []string{"-1", "a"} {
			n := owned(t)
			n.ID = tenantID(t, stem+suffix)
			create(t, s.Tenants, n)
			settings, err := domain.ParseSettings([]byte(`{"a":1}`))
			mustDo(t, err)
			s.operate(t, n.ID, domain.TenantChange{Action: domain.EditTenant, Settings: &settings})
			changed := s.operate(t, n.ID, suspend)
			changed.Settings = domain.Settings{}
			want = append(want, changed)
		}
		after := tenantID(t, stem[:len(stem)-1])
		for _, record := range want {
			page, err := s.Directory.Search(t.Context(), ports.TenantQuery{Text: stem}, after, 1)
			mustDo(t, err)
			if len(page) != 1 || page[0] != record {
				t.Fatalf("after %s comes %+v, want %+v", after, page, record)
			}
			after = record.ID
		}
		page, err := s.Directory.Search(t.Context(), ports.TenantQuery{Text: stem}, after, 1)
		mustDo(t, err)
		if len(page) != 0 {
			t.Errorf("after the last comes %+v", page)
		}
		page, err = s.Directory.Search(t.Context(), ports.TenantQuery{}, domain.TenantID{}, 0)
		mustDo(t, err)
		if len(page) != 0 {
			t.Errorf("a page of none has %+v", page)
		}
	})
}

// operate makes the operator's change.
func (s Tenancy) operate(t *testing.T, id domain.TenantID, change domain.TenantChange) domain.TenantDetails {
	t.Helper()
	changed, err := s.Lifecycle.Change(t.Context(), ports.TenantChange{Tenant: id, By: operator, TenantChange: change})
	mustDo(t, err)
	return changed
}

func listVisible(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a member sees active tenants, and an owner suspended and deleted ones too", func(t *testing.T) {
		s, owner, admin := open(t), newIdentity(t), newIdentity(t)
		stem := "v" + unique()
		for _, status := range []string{"active", "deleted", "suspended"} {
			n := owned(t)
			n.ID, n.Owner = tenantID(t, stem+"-"+status), owner
			create(t, s.Tenants, n)
			mustDo(t, s.setRole(t, n.ID, admin, domain.RoleAdmin))
		}
		s.operate(t, tenantID(t, stem+"-suspended"), suspend)
		s.operate(t, tenantID(t, stem+"-deleted"), remove)
		mustSee(t, s, owner, 10, stem+"-active", stem+"-deleted", stem+"-suspended")
		mustSee(t, s, owner, 2, stem+"-active", stem+"-deleted")
		mustSee(t, s, owner, 0)
		mustSee(t, s, admin, 10, stem+"-active")
		mustSee(t, s, newIdentity(t), 10)
	})
}

func mustSee(t *testing.T, s Tenancy, identity domain.Identity, limit int, want ...string) {
	t.Helper()
	visible, err := s.Directory.Visible(t.Context(), identity, limit)
	mustDo(t, err)
	got := make([]string, len(visible))
	for i, v := range visible {
		got[i] = v.Tenant.ID.String()
		if v.Membership.Tenant != v.Tenant.ID || v.Membership.Identity != identity || v.Membership.Role == "" || !strings.HasSuffix(got[i], string(v.Tenant.Status)) {
			t.Errorf("%s sees %+v", identity, v)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s sees %v, want %v", identity, got, want)
	}
}
