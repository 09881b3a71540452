package tenants_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// TestAPurgeThatIsWaitedForSaysForWhat waits for the end of a tenant's signed URLs.
func TestAPurgeThatIsWaitedForSaysForWhat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memory.DB{}
		s := &tenants.Service{
			Registry: db.Tenants(), Provisioner: db.Tenants(), Lifecycle: db.Lifecycle(), Directory: db.Directory(),
			Purger: db.Purges(), Tombstones: db.Purges(), Checker: db.Purges(),
		}
		id := tenantID("acme")
		by := tenants.Creator{Operator: access.Installation(), For: domain.Must(domain.NewIdentity("test", "ada"))}
		if _, err := s.Create(t.Context(), by, tenants.Creation{ID: id}); err != nil {
			t.Fatal(err)
		}
		steward := domain.Must(access.Installation().Steward(id))
		for _, end := range []func() (domain.TenantDetails, error){
			func() (domain.TenantDetails, error) { return s.Delete(t.Context(), steward, "") },
			func() (domain.TenantDetails, error) { return s.Purge(t.Context(), steward, "") },
		} {
			if _, err := end(); err != nil {
				t.Fatal(err)
			}
		}
		var said []string
		started := time.Now()
		if err := s.AwaitPurge(t.Context(), access.Installation(), id, func(reason string) { said = append(said, reason) }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took < ports.MaxSignedLife {
			t.Errorf("it took %v, and signed URLs live for %v", took, ports.MaxSignedLife)
		}
		if want := int(ports.MaxSignedLife / (10 * time.Second)); len(said) < want || len(said) > want+1 {
			t.Errorf("it spoke %d times, want %d", len(said), want)
		}
		if first := said[0]; !strings.Contains(first, "15m0s more") || strings.Contains(said[1], "15m0s more") {
			t.Errorf("it said %q, then %q", first, said[1])
		}
	})
}

func TestAPurgeIsWaitedForInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memory.DB{}
		s := &tenants.Service{Provisioner: db.Tenants(), Lifecycle: db.Lifecycle(), Purger: db.Purges()}
		id, steward := tenantID("acme"), domain.Must(access.Installation().Steward(tenantID("acme")))
		by := tenants.Creator{Operator: access.Installation(), For: domain.Must(domain.NewIdentity("test", "ada"))}
		domain.Must(s.Create(t.Context(), by, tenants.Creation{ID: id}))
		domain.Must(s.Delete(t.Context(), steward, ""))
		domain.Must(s.Purge(t.Context(), steward, ""))
		if err := s.AwaitPurge(t.Context(), access.Installation(), id, nil); err != nil {
			t.Error(err)
		}
	})
}
