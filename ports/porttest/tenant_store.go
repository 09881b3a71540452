package porttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Tenants are the ports of tenants, all of which one adapter implements.
type Tenants interface {
	ports.TenantRegistry
	ports.TenantProvisioner
	ports.TenantProber
}

// Tenancy is the stores over one registry.
type Tenancy struct {
	Tenants      Tenants
	Members      ports.MemberStore
	WithSettings ports.MemberStore // Members, which reads the settings of tenants, too
	Lister       ports.MemberLister
	Changer      ports.MemberChanger
	Emails       ports.MemberEmails
	Reservations ports.ReservationStore
	Events       RecordedEvents
	Lifecycle    ports.TenantLifecycle
	Directory    ports.TenantDirectory
	Purges       Purges
	Invitations  Invitations
	Archives     ports.TenantArchives
	Workers      ports.WorkerStore

	// Suspend makes an active tenant [domain.Suspended].
	Suspend func(t *testing.T, id domain.TenantID)

	// SetUpgrading puts a tenant's data in an older form than the program needs, or
	// in the newest one again.
	SetUpgrading func(t *testing.T, id domain.TenantID, upgrading bool)

	// Enter opens and commits a transaction inside the incarnation of a tenant. It is nil
	// for a store without SQL.
	Enter func(t *testing.T, id domain.TenantID, incarnation ports.Incarnation) error
}

// TenantStore runs the contracts of [ports.TenantRegistry], [ports.TenantProvisioner]
// and [ports.TenantProber].
func TenantStore(t *testing.T, open func(t *testing.T) Tenancy) {
	createTenants(t, open)
	raceForTenants(t, open)
	repeatCreation(t, open)
	probeTenants(t, open)
	upgradeTenants(t, open)
	listTenants(t, open)
	limitMakings(t, open)

	heedContext(t, func(ctx context.Context) error { _, err := open(t).Tenants.Create(ctx, owned(t)); return err })
}

func createTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant with an owner is active, and the owner a member", func(t *testing.T) {
		s, n := open(t), owned(t)
		created := create(t, s.Tenants, n)
		if created.Replayed || created.Tenant.ID != n.ID || created.Tenant.Name != n.Name || created.Tenant.Status != domain.Active || !created.Tenant.ClaimExpiresAt.IsZero() {
			t.Errorf("made %+v of %+v", created, n)
		}
		mustBeRecent(t, created.Tenant.CreatedAt)
		kept := soleTenant(t, s, n.Owner)
		mustBeSame(t, kept.Tenant, created.Tenant)
		if kept.Membership.Role != domain.RoleOwner {
			t.Errorf("the owner is %q", kept.Membership.Role)
		}
	})
	t.Run("a name is kept as it is", func(t *testing.T) {
		for _, name := range []string{"", "Zoë & Søn's \"Bäckerei\" 🥐", `'; DROP TABLE tenants; --`, strings.Repeat("長", 200)} {
			n := owned(t)
			n.Name = name
			if got := create(t, open(t).Tenants, n).Tenant.Name; got != name {
				t.Errorf("%q became %q", name, got)
			}
		}
	})
	t.Run("an ID is taken whether its tenant is active or suspended", func(t *testing.T) {
		s := open(t)
		active, suspended := owned(t), owned(t)
		create(t, s.Tenants, active)
		create(t, s.Tenants, suspended)
		s.Suspend(t, suspended.ID)
		for _, n := range []ports.TenantCreation{active, suspended} {
			another := owned(t)
			another.ID = n.ID
			for _, again := range []ports.TenantCreation{another, n} {
				_, err := s.Tenants.Create(t.Context(), again)
				mustBe(t, err, domain.CodeTenantExists)
			}
		}
	})
	t.Run("a refused creator becomes no member", func(t *testing.T) {
		s, first, second := open(t), owned(t), owned(t)
		create(t, s.Tenants, first)
		second.ID = first.ID
		_, err := s.Tenants.Create(t.Context(), second)
		mustBe(t, err, domain.CodeTenantExists)
		_, err = s.Members.Find(t.Context(), second.Owner, first.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("the longest IDs that differ in their last byte are two tenants", func(t *testing.T) {
		s := open(t)
		stem := "l" + strings.Repeat("o", 48-2-12) + unique()
		for _, last := range []string{"a", "b"} {
			n := owned(t)
			n.ID = tenantID(t, stem+last)
			create(t, s.Tenants, n)
			_, err := s.Tenants.Probe(t.Context(), n.ID)
			mustDo(t, err)
		}
	})
	t.Run("a cancelled creation leaves the ID free", func(t *testing.T) {
		s, n := open(t), owned(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Tenants.Create(ctx, n); err == nil {
			t.Fatal("it succeeded")
		}
		create(t, s.Tenants, n)
	})
}

func raceForTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("of many creators of one ID one succeeds, and owns it alone", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "race")
		owners := make([]domain.Identity, racers)
		for i := range owners {
			owners[i] = newIdentity(t)
		}
		errs := race(func(i int) error {
			_, err := s.Tenants.Create(t.Context(), ports.TenantCreation{ID: id, Owner: owners[i]})
			return err
		})
		winner := mustWinOnce(t, errs, domain.CodeTenantExists)
		for i, owner := range owners {
			_, err := s.Members.Find(t.Context(), owner, id)
			if i == winner {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
	})
	t.Run("many tenants can be made at once", func(t *testing.T) {
		s := open(t)
		errs := race(func(int) error { _, err := s.Tenants.Create(t.Context(), owned(t)); return err })
		for _, err := range errs {
			mustDo(t, err)
		}
	})
}

func probeTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("tenants and reservations return the time", func(t *testing.T) {
		s, tenant, reserved := open(t), owned(t), reservation(t)
		create(t, s.Tenants, tenant)
		reserve(t, s, reserved)
		for _, id := range []domain.TenantID{tenant.ID, reserved.ID} {
			now, err := s.Tenants.Probe(t.Context(), id)
			mustDo(t, err)
			mustBeRecent(t, now)
		}
	})
	t.Run("unknown and suspended tenants are one and the same not found", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		for _, id := range []domain.TenantID{n.ID, newTenantID(t, "absent")} {
			_, err := s.Tenants.Probe(t.Context(), id)
			mustBe(t, err, domain.CodeTenantNotFound)
			mustBe(t, err, domain.NotFound)
		}
	})
}

func upgradeTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant that is being upgraded is unavailable, and no other is", func(t *testing.T) {
		s, n, other := open(t), owned(t), owned(t)
		create(t, s.Tenants, n)
		create(t, s.Tenants, other)
		s.SetUpgrading(t, n.ID, true)
		_, err := s.Tenants.Probe(t.Context(), n.ID)
		mustBe(t, err, domain.CodeTenantUpgrading)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Unavailable || e.RetryAfter <= 0 || e.Message == "" {
			t.Errorf("got %+v", e)
		}
		_, err = s.Tenants.Probe(t.Context(), other.ID)
		mustDo(t, err)
		if found, err := s.Members.Find(t.Context(), n.Owner, n.ID); err != nil || found.Status != domain.Active {
			t.Errorf("its owner finds %+v, %v", found, err)
		}
		s.SetUpgrading(t, n.ID, false)
		_, err = s.Tenants.Probe(t.Context(), n.ID)
		mustDo(t, err)
	})
	t.Run("a suspended tenant is not found, also while it is upgraded", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		s.SetUpgrading(t, n.ID, true)
		s.Suspend(t, n.ID)
		_, err := s.Tenants.Probe(t.Context(), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
}

func tenantID(t *testing.T, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	mustDo(t, err)
	return id
}

// owned is a tenant to be made.
func owned(t *testing.T) ports.TenantCreation {
	t.Helper()
	return ports.TenantCreation{ID: newTenantID(t, "owned"), Name: "Acme Ltd.", Owner: newIdentity(t)}
}

func create(t *testing.T, store ports.TenantProvisioner, n ports.TenantCreation) ports.CreatedTenant {
	t.Helper()
	created, err := store.Create(t.Context(), n)
	mustDo(t, err)
	return created
}

// soleTenant returns the only tenant that the identity belongs to.
func soleTenant(t *testing.T, s Tenancy, who domain.Identity) ports.TenantMembership {
	t.Helper()
	found, err := s.Members.Memberships(t.Context(), who, 2)
	mustDo(t, err)
	if len(found) != 1 {
		t.Fatalf("%s belongs to %+v", who, found)
	}
	return found[0]
}

func mustBeSame(t *testing.T, got, want domain.Tenant) {
	t.Helper()
	if describe(got) != describe(want) {
		t.Errorf("got  %s\nwant %s", describe(got), describe(want))
	}
}

func describe(t domain.Tenant) string {
	return fmt.Sprintf("%s %q %s, made %s, claim ends %s", t.ID, t.Name, t.Status, t.CreatedAt.Format(time.RFC3339Nano), t.ClaimExpiresAt.Format(time.RFC3339Nano))
}
