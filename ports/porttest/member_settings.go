package porttest

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// readSettings is the part of [MemberStore] about a store that reads settings.
func readSettings(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("the settings of a tenant are read as they are now", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustReadSettings(t, domain.Settings{})
		for _, text := range []string{`{"theme": "dark"}`, ` { "größe" : [1e3, null, {"a": "\u0000"}] } `, `{}`} {
			want := domain.Must(domain.ParseSettings([]byte(text)))
			x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.EditTenant, Settings: &want})
			x.mustReadSettings(t, want)
		}
	})
	t.Run("a store that reads no settings returns none", func(t *testing.T) {
		x := openTeam(t, open)
		settings := domain.Must(domain.ParseSettings([]byte(`{"theme": "dark"}`)))
		x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.EditTenant, Settings: &settings})
		found, err := x.Members.Find(t.Context(), x.Owner, x.ID)
		mustDo(t, err)
		listed, err := x.Members.Memberships(t.Context(), x.Owner, 1)
		mustDo(t, err)
		if none := (domain.Settings{}); found.Settings != none || listed[0].Settings != none {
			t.Errorf("found %+v, listed %+v", found, listed)
		}
	})
	t.Run("a store that reads settings finds no more than one that does not", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.another(t)
		_, err := x.WithSettings.Find(t.Context(), x.Owner, y.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		bob := x.join(t, domain.RoleMember)
		mustDo(t, x.change(t, domain.OperatorActor(), bob, toState(domain.MemberSuspended)))
		_, err = x.WithSettings.Find(t.Context(), bob, x.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		x.Suspend(t, x.ID)
		found, err := x.WithSettings.Find(t.Context(), x.Owner, x.ID)
		mustDo(t, err)
		if found.Status != domain.Suspended {
			t.Errorf("found %+v", found)
		}
		if listed, err := x.WithSettings.Memberships(t.Context(), x.Owner, 1); err != nil || len(listed) > 0 {
			t.Errorf("listed %+v, %v", listed, err)
		}
	})
}

// mustReadSettings fails unless the store that reads settings finds the owner as the other
// one does, with the settings.
func (x team) mustReadSettings(t *testing.T, want domain.Settings) {
	t.Helper()
	found, err := x.WithSettings.Find(t.Context(), x.Owner, x.ID)
	mustDo(t, err)
	if admission := (ports.Admission{Status: domain.Active, Role: domain.RoleOwner, Settings: want}); found != admission {
		t.Errorf("found %+v, want %+v", found, admission)
	}
	listed, err := x.WithSettings.Memberships(t.Context(), x.Owner, 2)
	mustDo(t, err)
	plain, err := x.Members.Memberships(t.Context(), x.Owner, 2)
	mustDo(t, err)
	if len(listed) != 1 || listed[0].Settings != want || listed[0].Tenant != plain[0].Tenant || !listed[0].Membership.Equal(plain[0].Membership) {
		t.Errorf("listed %+v, want %+v with the settings %v", listed, plain, want)
	}
}
