package porttest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Tenancy is the stores over one registry.
type Tenancy struct {
	Tenants     ports.TenantStore
	Members     ports.MemberStore
	Invitations ports.InvitationStore

	// Suspend makes an active tenant [domain.Suspended].
	Suspend func(t *testing.T, id domain.TenantID)
}

// TenantStore runs the contract of [ports.TenantStore].
func TenantStore(t *testing.T, open func(t *testing.T) Tenancy) {
	createTenants(t, open)
	raceForTenants(t, open)
	forgetExpiredTenants(t, open)
	repeatCreation(t, open)
	tellTenantsTime(t, open)
	listTenants(t, open)
	sweepTenants(t, open)

	store := open(t).Tenants
	heedContext(t, []call{
		{"Create", func(ctx context.Context) error { _, err := store.Create(ctx, owned(t)); return err }},
		{"Clock", func(ctx context.Context) error { _, err := store.Clock(ctx, newTenantID(t, "ctx")); return err }},
		{"List", func(ctx context.Context) error { _, err := store.List(ctx, domain.TenantID{}, 10); return err }},
		{"Sweep", func(ctx context.Context) error { _, err := store.Sweep(ctx); return err }},
	})
	creation := func(change func(*ports.NewTenant)) func(context.Context) error {
		return func(ctx context.Context) error {
			tenant := owned(t)
			change(&tenant)
			_, err := store.Create(ctx, tenant)
			return err
		}
	}
	refuseZero(t, []call{
		{"creating without an ID", creation(func(n *ports.NewTenant) { n.ID = domain.TenantID{} })},
		{"creating without an owner or a claim", creation(func(n *ports.NewTenant) { n.Owner = domain.Identity{} })},
		{"creating with an owner and a claim", creation(func(n *ports.NewTenant) { n.Claim = newClaim(time.Hour) })},
		{"creating for nobody's key", creation(func(n *ports.NewTenant) { n.Idempotency = &ports.Idempotency{Route: "r", Key: "k"} })},
		{"asking no tenant the time", func(ctx context.Context) error { _, err := store.Clock(ctx, domain.TenantID{}); return err }},
	})
}

func createTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant with an owner is active, and the owner a member", func(t *testing.T) {
		s, n := open(t), owned(t)
		created := create(t, s.Tenants, n)
		if created.Replayed || created.Tenant.ID != n.ID || created.Tenant.Name != n.Name || created.Tenant.Status != domain.Active || !created.Tenant.ClaimExpiresAt.IsZero() {
			t.Errorf("made %+v of %+v", created, n)
		}
		mustBeRecent(t, created.Tenant.CreatedAt)
		tenant, membership, err := s.Members.Find(t.Context(), n.Owner, n.ID)
		mustDo(t, err)
		mustBeSame(t, tenant, created.Tenant)
		if membership.Role != domain.RoleOwner {
			t.Errorf("the owner is %q", membership.Role)
		}
	})
	t.Run("a tenant with a claim is unclaimed until the claim's end", func(t *testing.T) {
		n := claimed(t, time.Hour)
		created := create(t, open(t).Tenants, n).Tenant
		if created.ID != n.ID || created.Name != n.Name || created.Status != domain.Unclaimed {
			t.Errorf("made %+v of %+v", created, n)
		}
		mustBeRecent(t, created.CreatedAt)
		mustBeNear(t, created.ClaimExpiresAt, time.Now().Add(time.Hour))
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
	t.Run("an ID is taken whether its tenant is active, suspended or unclaimed", func(t *testing.T) {
		s := open(t)
		active, suspended, unclaimed := owned(t), owned(t), claimed(t, time.Hour)
		for _, n := range []ports.NewTenant{active, suspended, unclaimed} {
			create(t, s.Tenants, n)
		}
		s.Suspend(t, suspended.ID)
		for _, n := range []ports.NewTenant{active, suspended, unclaimed} {
			for _, again := range []ports.NewTenant{owned(t), claimed(t, time.Hour), n} {
				again.ID = n.ID
				_, err := s.Tenants.Create(t.Context(), again)
				mustBe(t, err, domain.CodeTenantExists)
				mustBe(t, err, domain.Conflict)
			}
		}
	})
	t.Run("a refused creator becomes no member, and their claim opens nothing", func(t *testing.T) {
		s, first := open(t), owned(t)
		create(t, s.Tenants, first)
		second, third := owned(t), claimed(t, time.Hour)
		second.ID, third.ID = first.ID, first.ID
		_, err := s.Tenants.Create(t.Context(), second)
		mustBe(t, err, domain.CodeTenantExists)
		_, err = s.Tenants.Create(t.Context(), third)
		mustBe(t, err, domain.CodeTenantExists)
		_, _, err = s.Members.Find(t.Context(), second.Owner, first.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		_, err = s.Invitations.Peek(t.Context(), third.Claim.Hash)
		mustBe(t, err, domain.CodeClaimInvalid)
	})
	t.Run("the longest IDs that differ in their last byte are two tenants", func(t *testing.T) {
		s := open(t)
		stem := "l" + strings.Repeat("o", 48-2-12) + unique()
		for _, last := range []string{"a", "b"} {
			n := owned(t)
			n.ID = tenantID(t, stem+last)
			create(t, s.Tenants, n)
			_, err := s.Tenants.Clock(t.Context(), n.ID)
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
			_, err := s.Tenants.Create(t.Context(), ports.NewTenant{ID: id, Owner: owners[i]})
			return err
		})
		winner := mustWinOnce(t, errs, domain.CodeTenantExists)
		for i, owner := range owners {
			_, _, err := s.Members.Find(t.Context(), owner, id)
			if i == winner {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
	})
	t.Run("of many who take an expired tenant's ID one succeeds", func(t *testing.T) {
		s, old := open(t), claimed(t, soon)
		create(t, s.Tenants, old)
		time.Sleep(past)
		errs := race(func(int) error {
			n := claimed(t, time.Hour)
			n.ID = old.ID
			_, err := s.Tenants.Create(t.Context(), n)
			return err
		})
		mustWinOnce(t, errs, domain.CodeTenantExists)
	})
	t.Run("many tenants can be made at once", func(t *testing.T) {
		s := open(t)
		errs := race(func(int) error { _, err := s.Tenants.Create(t.Context(), owned(t)); return err })
		for _, err := range errs {
			mustDo(t, err)
		}
	})
}

func tellTenantsTime(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("active and unclaimed tenants tell the time", func(t *testing.T) {
		s := open(t)
		for _, n := range []ports.NewTenant{owned(t), claimed(t, time.Hour)} {
			create(t, s.Tenants, n)
			now, err := s.Tenants.Clock(t.Context(), n.ID)
			mustDo(t, err)
			mustBeRecent(t, now)
		}
	})
	t.Run("unknown and suspended tenants are one and the same not found", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		for _, id := range []domain.TenantID{n.ID, newTenantID(t, "nobody")} {
			_, err := s.Tenants.Clock(t.Context(), id)
			mustBe(t, err, domain.CodeTenantNotFound)
			mustBe(t, err, domain.NotFound)
		}
	})
}

func tenantID(t *testing.T, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	mustDo(t, err)
	return id
}

// owned is a tenant to be made for an owner, and claimed one for whoever holds its claim.
func owned(t *testing.T) ports.NewTenant {
	t.Helper()
	return ports.NewTenant{ID: newTenantID(t, "owned"), Name: "Acme Ltd.", Owner: newIdentity(t)}
}

func claimed(t *testing.T, ttl time.Duration) ports.NewTenant {
	t.Helper()
	return ports.NewTenant{ID: newTenantID(t, "claimed"), Name: "Acme Ltd.", Claim: newClaim(ttl)}
}

func newClaim(ttl time.Duration) *ports.NewClaim { return &ports.NewClaim{Hash: newHash(), TTL: ttl} }

func create(t *testing.T, store ports.TenantStore, n ports.NewTenant) ports.CreatedTenant {
	t.Helper()
	created, err := store.Create(t.Context(), n)
	mustDo(t, err)
	return created
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
