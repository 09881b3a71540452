package tenants_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// house is the use cases on memory.
type house struct {
	*tenants.Service
	registry *memory.Registry
	people   *memory.Identities
	mail     *memory.Mailbox
	now      time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), people: &memory.Identities{}, mail: &memory.Mailbox{}}
	h.registry = &memory.Registry{Now: func() time.Time { return h.now }}
	h.Service = &tenants.Service{
		Tenants:     h.registry,
		Members:     h.registry,
		Invitations: h.registry,
		Identities:  h.people,
		Mail:        h.mail,
	}
	return h
}

// anyone creates an unclaimed tenant.
func (h *house) anyone(t *testing.T, id string) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(t, id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// owned creates a tenant that who owns.
func (h *house) owned(t *testing.T, id string, who ports.Caller) tenants.Created {
	t.Helper()
	created, err := h.Create(t.Context(), tenants.Creator{Caller: who}, tenants.Creation{ID: tenantID(t, id)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// caller makes somebody up who is signed in.
func (h *house) caller(t *testing.T, email string) ports.Caller {
	t.Helper()
	caller, err := h.people.Caller(address(t, email))
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

func tenantID(t *testing.T, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func address(t *testing.T, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

func TestAMemberIsAdmittedToTheirTenantOnly(t *testing.T) {
	h := newHouse(t)
	ada, eve := h.caller(t, "ada@example.com"), h.caller(t, "eve@example.com")
	h.owned(t, "acme", ada)
	h.owned(t, "evil", eve)
	h.owned(t, "paused", ada)
	if err := h.registry.SetStatus(tenantID(t, "paused"), domain.Suspended); err != nil {
		t.Fatal(err)
	}

	member, err := h.Admit(t.Context(), ada.Identity, tenantID(t, "acme"))
	if err != nil || member.Tenant() != tenantID(t, "acme") || member.Identity() != ada.Identity || member.Role() != domain.RoleOwner {
		t.Fatalf("Admit = %+v, %v", member, err)
	}
	var answers []string
	for _, id := range []string{"unknown", "evil", "paused"} {
		member, err := h.Admit(t.Context(), ada.Identity, tenantID(t, id))
		if !errors.Is(err, domain.CodeTenantNotFound) || member != (tenants.Member{}) {
			t.Errorf("Admit to %s = %+v, %v", id, member, err)
		}
		answers = append(answers, err.Error())
	}
	if answers[0] != answers[1] || answers[1] != answers[2] {
		t.Errorf("unknown, foreign and suspended tenants can be told apart: %q", answers)
	}
}

func TestASuspendedTenantAdmitsNobody(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	h.owned(t, "acme", ada)
	if err := h.registry.SetStatus(tenantID(t, "acme"), domain.Suspended); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Admit(t.Context(), ada.Identity, tenantID(t, "acme")); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("a member of a suspended tenant got %v", err)
	}
	if _, err := h.AdmitSole(t.Context(), ada.Identity); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("a member of nothing but a suspended tenant got %v", err)
	}
}

func TestTheHeaderMayBeLeftOutByWhoHasOneTenant(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	if _, err := h.AdmitSole(t.Context(), ada.Identity); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with no tenant: %v", err)
	}
	h.owned(t, "acme", ada)
	if member, err := h.AdmitSole(t.Context(), ada.Identity); err != nil || member.Tenant() != tenantID(t, "acme") {
		t.Errorf("with one tenant: %v, %v", member, err)
	}
	h.owned(t, "bolt", ada)
	if _, err := h.AdmitSole(t.Context(), ada.Identity); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with two tenants: %v", err)
	}
}

func TestTheZeroMemberMayDoNothing(t *testing.T) {
	for _, p := range []domain.Permission{domain.ReadFiles, domain.WriteFiles, domain.ManageMembers, domain.ManageTenant} {
		if err := (tenants.Member{}).Require(p); domain.KindOf(err) != domain.Forbidden {
			t.Errorf("the zero Member may %s: %v", p, err)
		}
	}
}

func TestWhoMayCreate(t *testing.T) {
	h := newHouse(t)
	signedIn := tenants.Creator{Caller: h.caller(t, "ada@example.com")}
	operator := tenants.Creator{Operator: h.Installation()}
	const allowed = domain.Kind(-1)
	cases := []struct {
		policy                      tenants.CreationPolicy
		anybody, signedIn, operator domain.Kind
	}{
		{"", allowed, allowed, allowed},
		{tenants.Open, allowed, allowed, allowed},
		{tenants.Authenticated, domain.Unauthenticated, allowed, allowed},
		{tenants.OperatorOnly, domain.Unauthenticated, domain.Forbidden, allowed},
	}
	n := 0
	for _, c := range cases {
		h.Policy = c.policy
		for i, by := range []tenants.Creator{{}, signedIn, operator} {
			n++
			want := []domain.Kind{c.anybody, c.signedIn, c.operator}[i]
			_, err := h.Create(t.Context(), by, tenants.Creation{ID: tenantID(t, "tenant-"+strings.Repeat("x", n))})
			if want == allowed && err != nil || want != allowed && domain.KindOf(err) != want {
				t.Errorf("policy %q, creator %d: %v", c.policy, i, err)
			}
		}
	}
}

func TestWhoCreatesSignedInIsTheOwnerAndHearsOfIt(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	created := h.owned(t, "acme", ada)
	if !created.ClaimToken.IsZero() || created.Tenant.Status != domain.Active || created.Tenant.Name != "acme" || !created.Tenant.ClaimExpiresAt.IsZero() {
		t.Errorf("created %+v", created)
	}
	if mail, sent := h.mail.Last(address(t, "ada@example.com")); !sent || !strings.Contains(mail.Subject, "acme") {
		t.Errorf("the owner was told %+v", mail)
	}
}

func TestAFailingMailFailsNoRequest(t *testing.T) {
	h := newHouse(t)
	h.mail.Break()
	var failed error
	h.Later = func(task func(context.Context) error) { failed = task(context.Background()) }
	ada := h.caller(t, "ada@example.com")
	h.owned(t, "acme", ada)
	if failed == nil {
		t.Error("nobody heard that the mail wasn't sent")
	}
}

func TestReservedAndBadNamesAreRefused(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(t, "admin")})
	if !errors.Is(err, domain.CodeTenantReserved) || !errors.Is(err, domain.Invalid) {
		t.Errorf("a reserved ID: %v", err)
	}
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{}); !errors.Is(err, domain.Invalid) {
		t.Errorf("no ID: %v", err)
	}
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(t, "acme"), Name: "a\nb"}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a name of two lines: %v", err)
	}
	h.anyone(t, "acme")
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID(t, "acme")}); !errors.Is(err, domain.CodeTenantExists) {
		t.Errorf("a taken ID: %v", err)
	}
}

func TestAnIdempotencyKeyReplaysTheFirstAnswer(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	by := tenants.Creator{Caller: ada}
	creation := tenants.Creation{ID: tenantID(t, "acme"), Name: "Acme", IdempotencyKey: "k-1"}
	first, err := h.Create(t.Context(), by, creation)
	if err != nil || first.Replayed {
		t.Fatalf("first: %+v, %v", first, err)
	}
	again, err := h.Create(t.Context(), by, creation)
	if err != nil || !again.Replayed || again.Tenant != first.Tenant {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := len(h.mail.Sent()); n != 1 {
		t.Errorf("%d mails were sent for one tenant", n)
	}
	creation.Name = "Other"
	if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.CodeIdempotencyMismatch) {
		t.Errorf("another body: %v", err)
	}
	creation.Name = "Acme"
	h.Policy = tenants.OperatorOnly
	if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.Forbidden) {
		t.Errorf("a replay by somebody who may no longer create: %v", err)
	}
	h.Policy = tenants.Open
	for _, key := range []string{"a b", "a\n", "é", strings.Repeat("k", 256)} {
		creation.IdempotencyKey = key
		if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.Invalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

func TestAClaimMakesItsBearerTheOwner(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	created := h.anyone(t, "acme")
	if created.Tenant.Status != domain.Unclaimed || len(created.ClaimToken.Reveal()) < 26 || !created.Tenant.ClaimExpiresAt.Equal(h.now.Add(24*time.Hour)) {
		t.Fatalf("created %+v", created)
	}
	if _, err := h.Clock(t.Context(), tenantID(t, "acme")); err != nil {
		t.Errorf("an unclaimed tenant doesn't tell the time: %v", err)
	}
	claimed, err := h.Claim(t.Context(), ada, tenantID(t, "acme"), created.ClaimToken)
	if err != nil || claimed.Membership.Role != domain.RoleOwner || claimed.Tenant.Status != domain.Active {
		t.Fatalf("claimed %+v, %v", claimed, err)
	}
	if _, err := h.Admit(t.Context(), ada.Identity, tenantID(t, "acme")); err != nil {
		t.Errorf("the owner isn't admitted: %v", err)
	}
	if again, err := h.Claim(t.Context(), ada, tenantID(t, "acme"), created.ClaimToken); err != nil || again != claimed {
		t.Errorf("the same claim by the same owner: %+v, %v", again, err)
	}
}

func TestAClaimIsRefusedInOneWay(t *testing.T) {
	h := newHouse(t)
	ada, eve := h.caller(t, "ada@example.com"), h.caller(t, "eve@example.com")
	acme, other := h.anyone(t, "acme"), h.anyone(t, "other")
	spent := h.anyone(t, "spent")
	if _, err := h.Claim(t.Context(), ada, spent.Tenant.ID, spent.ClaimToken); err != nil {
		t.Fatal(err)
	}
	tries := map[string]struct {
		id    string
		token domain.Secret
	}{
		"an unknown token":       {"acme", domain.NewSecret("nonsense")},
		"an empty token":         {"acme", domain.Secret{}},
		"another tenant's token": {"acme", other.ClaimToken},
		"a spent token":          {"spent", spent.ClaimToken},
		"an unknown tenant":      {"unknown", acme.ClaimToken},
	}
	want := ""
	for name, try := range tries {
		_, err := h.Claim(t.Context(), eve, tenantID(t, try.id), try.token)
		if !errors.Is(err, domain.CodeClaimInvalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want == "" {
			want = err.Error()
		}
		if err.Error() != want {
			t.Errorf("%s can be told apart: %v", name, err)
		}
	}
	if _, err := h.Claim(t.Context(), ada, acme.Tenant.ID, acme.ClaimToken); err != nil {
		t.Errorf("a claim was spent by tries that failed: %v", err)
	}
}

func TestAClaimExpiresWithItsTenant(t *testing.T) {
	h := newHouse(t)
	ada := h.caller(t, "ada@example.com")
	created := h.anyone(t, "acme")
	h.now = h.now.Add(24*time.Hour + time.Second)
	if _, err := h.Clock(t.Context(), created.Tenant.ID); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("the tenant is still there: %v", err)
	}
	if _, err := h.Claim(t.Context(), ada, created.Tenant.ID, created.ClaimToken); !errors.Is(err, domain.CodeClaimInvalid) {
		t.Errorf("the claim is still good: %v", err)
	}
	if n, err := h.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	h.owned(t, "acme", ada)
}

func TestOfFiftyWhoClaimAtOnceOneIsTheOwner(t *testing.T) {
	h := newHouse(t)
	created := h.anyone(t, "acme")
	var owners atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		who := h.caller(t, strings.Repeat("x", i+1)+"@example.com")
		wg.Go(func() {
			if _, err := h.Claim(t.Context(), who, created.Tenant.ID, created.ClaimToken); err == nil {
				owners.Add(1)
			} else if !errors.Is(err, domain.CodeClaimInvalid) {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	wg.Wait()
	if owners.Load() != 1 {
		t.Errorf("%d became owners", owners.Load())
	}
}

func TestOperatorKeys(t *testing.T) {
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 40)
	keys, err := tenants.ParseOperatorKeys(domain.NewSecret(first + "," + second))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{first: true, second: true, "": false, first + ",": false, first + "," + second: false, first[:31]: false} {
		if _, ok := keys.Prove(domain.NewSecret(token)); ok != want {
			t.Errorf("Prove(%q) = %v", token, ok)
		}
	}
	for _, s := range []string{"short", first + ",", first + "," + second + "," + first} {
		if _, err := tenants.ParseOperatorKeys(domain.NewSecret(s)); domain.KindOf(err) != domain.Invalid {
			t.Errorf("ParseOperatorKeys(%q) = %v", s, err)
		}
	}
	none, err := tenants.ParseOperatorKeys(domain.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.Prove(domain.Secret{}); ok {
		t.Error("no key proves somebody without a token")
	}
}

func TestOnlyTheOperatorListsTenants(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"bolt", "acme", "cord"} {
		h.anyone(t, id)
	}
	if _, err := h.List(t.Context(), tenants.Operator{}, domain.TenantID{}, 10); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("anybody lists tenants: %v", err)
	}
	found, err := h.List(t.Context(), h.Installation(), tenantID(t, "acme"), 10)
	if err != nil || len(found) != 2 || found[0].ID != tenantID(t, "bolt") || found[1].ID != tenantID(t, "cord") {
		t.Errorf("List = %v, %v", found, err)
	}
	for _, limit := range []int{0, -1, 201} {
		if _, err := h.List(t.Context(), h.Installation(), domain.TenantID{}, limit); domain.KindOf(err) != domain.Invalid {
			t.Errorf("a page of %d: %v", limit, err)
		}
	}
}
