// Package contracts_test holds the stores to the contracts of their ports.
package contracts_test

import (
	"os"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }

func TestTenantStore(t *testing.T)      { onBoth(t, porttest.TenantStore) }
func TestTenantLifecycle(t *testing.T)  { onBoth(t, porttest.TenantLifecycle) }
func TestTenantDirectory(t *testing.T)  { onBoth(t, porttest.TenantDirectory) }
func TestTenantPurger(t *testing.T)     { onBoth(t, porttest.TenantPurger) }
func TestTenantChecker(t *testing.T)    { onBoth(t, porttest.TenantChecker) }
func TestTenantArchives(t *testing.T)   { onBoth(t, porttest.TenantArchives) }
func TestMemberStore(t *testing.T)      { onBoth(t, porttest.MemberStore) }
func TestMemberLister(t *testing.T)     { onBoth(t, porttest.MemberLister) }
func TestMemberChanger(t *testing.T)    { onBoth(t, porttest.MemberChanger) }
func TestMemberEmails(t *testing.T)     { onBoth(t, porttest.MemberEmails) }
func TestInvitationStore(t *testing.T)  { onBoth(t, porttest.InvitationStore) }
func TestInvitationTokens(t *testing.T) { onBoth(t, porttest.InvitationTokens) }
func TestChangesAreEvents(t *testing.T) { onBoth(t, porttest.ChangesAreEvents) }
func TestWorkerStore(t *testing.T)      { onBoth(t, porttest.WorkerStore) }
func TestReservationStore(t *testing.T) { onBoth(t, porttest.ReservationStore) }

// onBoth runs a suite with tenants' roles and without.
func onBoth(t *testing.T, suite func(t *testing.T, open func(t *testing.T) porttest.Tenancy)) {
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithNotes, patient, change) // a migration, which a tenant can lack
			suite(t, func(t *testing.T) porttest.Tenancy { return pgtest.Tenancy(t, db, cfg) })
		})
	}
}

// patient has the suites wait for connections as long as a slow machine takes.
func patient(cfg *postgres.Config) { cfg.AcquireTimeout = time.Minute }

func TestUserStore(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, patient)
	porttest.UserStore(t, func(*testing.T) porttest.Users {
		return porttest.Users{Store: db.Users(), Join: func(t *testing.T, subject string) {
			t.Helper()
			if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: pgtest.TenantID(t, "joined"), Name: "Joined", Owner: pgtest.Identity(t, subject)}); err != nil {
				t.Fatal(err)
			}
		}}
	})
}
