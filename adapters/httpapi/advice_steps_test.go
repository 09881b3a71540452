package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/ports"
)

// advises fails the test unless the answer is a problem of the code that says so.
func advises(t *testing.T, got answer, code domain.Code, advice string) answer {
	t.Helper()
	if got.field(t, "code") != string(code) || !strings.Contains(got.field(t, "detail"), advice) {
		t.Fatalf("got %d %s, want %s, %q", got.status, got.body, code, advice)
	}
	return got
}

// saysOf is advises for the error of a use case that products offer.
func saysOf(t *testing.T, err error, code domain.Code, advice string) {
	t.Helper()
	if domain.CodeOf(err) != code || !strings.Contains(err.Error(), advice) {
		t.Fatalf("got %v, want %s, %q", err, code, advice)
	}
}

func succeed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// anotherID is the story of a tenant ID that can't be had.
func anotherID(id string, code domain.Code) func(*testing.T, *installation) {
	return func(t *testing.T, h *installation) {
		h.tenant(t, "acme", "ada@acme.example")
		advises(t, h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": %q}`, id)), code, "choose another")
		h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`).is(t, 201)
	}
}

// leftOut is the story of headers of an upload that the store refuses.
func leftOut(code domain.Code, headers, advice string) func(*testing.T, *installation) {
	return func(t *testing.T, h *installation) {
		signed := h.post(t, "/files/upload-url", `{"filename": "a"}`, h.owner(t)).is(t, 200).field(t, "uploadUrl")
		advises(t, h.transfer(t, http.MethodPut, signed, headers, "hello"), code, advice)
		h.transfer(t, http.MethodPut, signed, "{}", "hello").is(t, 200)
	}
}

// is429Or fails the test unless the answer has this status or is a limit's.
func (a answer) is429Or(t *testing.T, status int) answer {
	t.Helper()
	if a.status != 429 {
		a.is(t, status)
	}
	return a
}

func bearer(caller ports.Caller) string { return "Authorization: Bearer " + caller.Token().Reveal() }

// owner returns the Authorization header of the owner of tenant acme, who has no other.
func (h *installation) owner(t *testing.T) string {
	t.Helper()
	h.tenant(t, "acme", "ada@acme.example")
	return h.signIn(t, "ada@acme.example")
}

func (h *installation) admit(t *testing.T, caller ports.Caller, id domain.TenantID) access.Member {
	t.Helper()
	member, err := h.config.Access.Admit(t.Context(), caller.Identity(), id)
	succeed(t, err)
	return member
}

// manager proves that the caller manages the members of the tenant.
func (h *installation) manager(t *testing.T, caller ports.Caller, id domain.TenantID) access.Manager {
	t.Helper()
	manager, err := h.admit(t, caller, id).Manager()
	succeed(t, err)
	return manager
}

// changeRole gives a member another role.
func changeRole(t *testing.T, product *members.Service, by access.Manager, identity domain.Identity, role domain.Role) error {
	t.Helper()
	_, err := product.Change(t.Context(), by, identity, domain.MembershipChange{Role: &role})
	return err
}

// signsIn returns the Authorization header of the user with the credentials.
func (h *installation) signsIn(t *testing.T, credentials string) string {
	t.Helper()
	return "Authorization: Bearer " + h.post(t, "/auth/signin", credentials).is(t, 200).field(t, "AccessToken")
}

// confirms enters the last code that was mailed to the address.
func (h *installation) confirms(t *testing.T, address string) {
	t.Helper()
	h.post(t, "/auth/verify-email", fmt.Sprintf(`{"email": %q, "code": %q}`, address, h.code(t, address))).is(t, 200)
}

// refreshToken signs in and returns the body that refreshes the session.
func (h *installation) refreshToken(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`{"refreshToken": %q}`, h.post(t, "/auth/signin", adaSignsUp).is(t, 200).field(t, "RefreshToken"))
}

func (h *installation) refreshes(t *testing.T, token string) {
	t.Helper()
	h.post(t, "/auth/refresh", token).is(t, 200)
}

// put asks for an upload and makes it.
func (h *installation) put(t *testing.T, as, upload, content string) answer {
	t.Helper()
	signed := h.post(t, "/files/upload-url", upload, as).is(t, 200)
	return h.transfer(t, http.MethodPut, signed.field(t, "uploadUrl"), signed.field(t, "headers"), content)
}
