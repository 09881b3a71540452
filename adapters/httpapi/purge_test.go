package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// purgeDue does what a server does in the background, and returns how many purges it ended.
func (h *installation) purgeDue(t *testing.T) int {
	t.Helper()
	ended, err := h.config.Tenants.PurgeDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

func (h *installation) mustHaveNoFile(t *testing.T, key domain.ObjectKey) {
	t.Helper()
	if _, found := h.objects.Get(key); found {
		t.Errorf("the store has %s", key)
	}
}

func TestTheEndOfATenant(t *testing.T) {
	h := openAcme(t)
	file := domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "hello.txt"))
	h.objects.Put(file, "text/plain", []byte("hello"))
	h.post(t, "/admin/tenants/acme/purge", "", asOperator).isProblem(t, 409, domain.CodeTenantState, "")
	h.post(t, "/admin/tenants/acme/free", "", asOperator).isProblem(t, 409, domain.CodeTenantState, "")
	h.send(t, "DELETE", "/tenants/acme", "", h.owner).is(t, 202)
	for _, by := range []string{h.owner, h.admin, h.stranger} {
		h.post(t, "/admin/tenants/acme/purge", "", by).is(t, 403)
	}
	if got := h.post(t, "/admin/tenants/acme/purge", `{"reason": "asked to be forgotten"}`, asOperator).is(t, 202); got.field(t, "status") != "purging" {
		t.Errorf("got %s", got.body)
	}
	h.post(t, "/admin/tenants/acme/purge", "", asOperator).is(t, 202)
	h.post(t, "/admin/tenants/acme/restore", "", asOperator).isProblem(t, 409, domain.CodeTenantState, "")
	h.sameAsUnknown(t, "GET", "/tenants/acme", "", h.owner)
	if n := h.purgeDue(t); n != 0 {
		t.Error("it was purged while signed URLs were valid")
	}

	h.clock.pass(ports.MaxSignedLife)
	if n := h.purgeDue(t); n != 1 {
		t.Errorf("%d purges ended", n)
	}
	h.mustHaveNoFile(t, file)
	if got := h.get(t, "/admin/tenants/acme", asOperator).is(t, 200); got.field(t, "status") != "gone" {
		t.Errorf("got %s", got.body)
	}
	if got := h.get(t, "/admin/tenants?status=gone", asOperator).is(t, 200); !strings.Contains(got.body, `"acme"`) {
		t.Errorf("got %s", got.body)
	}
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, h.owner).isProblem(t, 409, domain.CodeTenantExists, "tenantId")
	h.post(t, "/admin/tenants/acme/free", "", asOperator).isProblem(t, 409, domain.CodeTenantState, "")

	h.objects.Put(file, "text/plain", []byte("an upload that began before and ended late"))
	h.clock.pass(24 * time.Hour)
	if n := h.purgeDue(t); n != 1 {
		t.Errorf("%d purges of late files ended", n)
	}
	h.mustHaveNoFile(t, file)
	h.post(t, "/admin/tenants/acme/free", "", h.signIn(t, "ada@acme.example")).is(t, 403)
	h.post(t, "/admin/tenants/acme/free", "", asOperator).is(t, 204)
	h.post(t, "/admin/tenants/acme/free", "", asOperator).isProblem(t, 404, domain.CodeTenantNotFound, "")

	heir := h.signIn(t, "eve@evil.example")
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, heir).is(t, 201)
	if _, err := h.db.Events().Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.get(t, "/tenants/acme/events", heir).is(t, 200); strings.Count(got.body, `"requestId"`) != 1 || !strings.Contains(got.body, string(domain.EventTenantCreated)) {
		t.Errorf("the new tenant sees %s", got.body)
	}
	if got := h.get(t, "/tenants/acme/members", heir).is(t, 200); strings.Count(got.body, `"sub"`) != 1 {
		t.Errorf("the new tenant's members are %s", got.body)
	}
	h.sameAsUnknown(t, "GET", "/tenants/acme", "", h.signIn(t, "ada@acme.example"))
}

func TestAnIDUnderWhichFilesLieIsNotGivenOut(t *testing.T) {
	h := open(t)
	orphan := domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "hello.txt"))
	owner := h.signIn(t, "ada@acme.example")
	token := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201).field(t, "claimToken")
	h.objects.Put(orphan, "text/plain", []byte("of a tenant that a restore of the database has lost"))

	claim := `{"claimToken": "` + token + `"}`
	h.post(t, "/tenants/acme/claim", claim, owner).isProblem(t, 409, domain.CodeTenantExists, "tenantId")
	h.post(t, "/auth/signup", `{"email": "eve@acme.example", "password": "correct horse battery", "claimToken": "`+token+`"}`).isProblem(t, 409, domain.CodeTenantExists, "tenantId")
	h.post(t, "/auth/signin", `{"email": "eve@acme.example", "password": "correct horse battery"}`).is(t, 401)
	if !strings.Contains(h.log.String(), "files lie under the ID acme, although no tenant has it; look at them, then free the ID with its files") {
		t.Error("the log does not say why the ID is refused, and what to do")
	}
	h.clock.pass(24 * time.Hour)
	owner = h.signIn(t, "ada@acme.example")
	for _, by := range [][]string{{owner}, nil} { // a creation and a reservation
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, by...).isProblem(t, 409, domain.CodeTenantExists, "tenantId")
	}
	h.post(t, "/admin/tenants/acme/free", "", asOperator).isProblem(t, 404, domain.CodeTenantNotFound, "")

	if err := h.config.Tenants.FreeWithFiles(t.Context(), access.Installation(), orphan.Tenant()); err != nil {
		t.Fatal(err)
	}
	h.mustHaveNoFile(t, orphan)
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, owner).is(t, 201)
}

func TestACreationIsRepeatedAlsoIfItsTenantHasFiles(t *testing.T) {
	h := open(t)
	owner := h.signIn(t, "ada@acme.example")
	for _, replayed := range []string{"", "true"} {
		got := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, owner, "Idempotency-Key: one").is(t, 201)
		if got.header.Get("Idempotency-Replayed") != replayed {
			t.Errorf("got %v", got.header)
		}
		h.objects.Put(domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "hello.txt")), "text/plain", []byte("hello"))
	}
}
