package postgres_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// walls are the two ways to set an installation up.
var walls = map[string]func(*postgres.Config){
	"with roles":    func(*postgres.Config) {},
	"without roles": rolesOff,
}

func TestTenantStore(t *testing.T)      { onBoth(t, porttest.TenantStore) }
func TestMemberStore(t *testing.T)      { onBoth(t, porttest.MemberStore) }
func TestReservationStore(t *testing.T) { onBoth(t, porttest.ReservationStore) }

func onBoth(t *testing.T, suite func(t *testing.T, open func(t *testing.T) porttest.Tenancy)) {
	for name, change := range walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := open(t, withNotes, change) // a migration, which a tenant can lack
			suite(t, func(t *testing.T) porttest.Tenancy { return tenancy(t, db, cfg) })
		})
	}
}

func TestUserStore(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	porttest.UserStore(t, func(*testing.T) porttest.Users {
		return porttest.Users{Store: db.Users(), Join: func(t *testing.T, subject string) {
			t.Helper()
			if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenantID(t, "joined"), Name: "Joined", Owner: identity(t, subject)}); err != nil {
				t.Fatal(err)
			}
		}}
	})
}
