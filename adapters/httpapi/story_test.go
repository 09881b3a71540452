package httpapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTheStory shows the purpose of the API: a tenant, its users, its files, and a
// neighbour who is refused.
func TestTheStory(t *testing.T) {
	h := open(t)

	// An unknown caller creates a tenant. It answers, but has no owner yet.
	acme := h.post(t, "/auth/tenants", `{"tenantId": "acme", "name": "Acme Ltd."}`).is(t, 201)
	if acme.field(t, "status") != "unclaimed" || acme.field(t, "name") != "Acme Ltd." {
		t.Fatalf("the new tenant is %s", acme.body)
	}
	claimToken := acme.field(t, "claimToken")
	if hello := h.get(t, "/", "X-Tenant-ID: acme").is(t, 200); hello.field(t, "tenantId") != "acme" {
		t.Fatalf("the tenant answers %s", hello.body)
	}

	// Ada claims it by signing up, and signs in.
	ada := h.post(t, "/auth/signup", fmt.Sprintf(`{"email": "ada@acme.example", "password": "correct horse", "claimToken": %q}`, claimToken)).is(t, 201)
	if ada.field(t, "UserSub") == "" || ada.field(t, "UserConfirmed") != "true" {
		t.Fatalf("the new user is %s", ada.body)
	}
	signIn := h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "correct horse"}`).is(t, 200)
	asAda := "Authorization: Bearer " + signIn.field(t, "AccessToken")
	me := h.get(t, "/auth/me", asAda).is(t, 200)
	if got, want := me.field(t, "tenants"), `[{"name":"Acme Ltd.","role":"owner","status":"active","tenantId":"acme"}]`; got != want {
		t.Fatalf("her tenants are %s", got)
	}

	// She puts a file into it, and gets it back.
	upload := h.post(t, "/files/upload-url", `{"filename": "plans/2026 & later.txt", "size": 5, "contentType": "text/plain"}`, asAda).is(t, 200)
	if upload.field(t, "key") != "acme/plans/2026 & later.txt" {
		t.Fatalf("the upload is %s", upload.body)
	}
	h.transfer(t, upload.field(t, "method"), upload.field(t, "uploadUrl"), upload.field(t, "headers"), "hello").is(t, 200)
	download := h.get(t, "/files/download-url?filename="+url.QueryEscape("plans/2026 & later.txt"), asAda, "X-Tenant-ID: acme").is(t, 200)
	file := h.transfer(t, http.MethodGet, download.field(t, "downloadUrl"), "{}", "").is(t, 200)
	if file.body != "hello" || !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("the downloaded file is %q, %s", file.body, file.header.Get("Content-Disposition"))
	}

	// Mallory has a tenant of her own, and is refused in Ada's.
	mallory := h.signIn(t, "mallory@evil.example")
	h.post(t, "/auth/tenants", `{"tenantId": "evil"}`, mallory).is(t, 201)
	h.post(t, "/files/upload-url", `{"filename": "x"}`, mallory, "X-Tenant-ID: acme").isProblem(t, 404, "tenant_not_found", "")
	h.get(t, "/files/download-url?filename=plans/2026", mallory, "X-Tenant-ID: acme").isProblem(t, 404, "tenant_not_found", "")
	h.post(t, "/tenants/acme/claim", fmt.Sprintf(`{"claimToken": %q}`, claimToken), mallory).isProblem(t, 400, "claim_invalid", "claimToken")
	h.post(t, "/files/upload-url", `{"filename": "../acme/plans.txt"}`, mallory).isProblem(t, 400, "invalid", "filename")
	stolen := strings.Replace(upload.field(t, "uploadUrl"), "/acme/", "/evil/", 1)
	h.transfer(t, http.MethodPut, stolen, upload.field(t, "headers"), "hello").is(t, 403)

	// Ada signs out: her refresh token is revoked.
	refreshToken := fmt.Sprintf(`{"refreshToken": %q}`, signIn.field(t, "RefreshToken"))
	h.post(t, "/auth/signout", refreshToken, asAda).is(t, 204)
	h.post(t, "/auth/refresh", refreshToken).isProblem(t, 401, "refresh_invalid", "")
}

// transfer sends the signed request of an answer, with headers in JSON.
func (h *installation) transfer(t *testing.T, method, signed, headers, content string) answer {
	t.Helper()
	var body io.Reader
	if method == http.MethodPut {
		body = strings.NewReader(content)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, signed, body)
	if err != nil {
		t.Fatal(err)
	}
	var named map[string]string
	if err := json.Unmarshal([]byte(headers), &named); err != nil {
		t.Fatal(err)
	}
	for name, value := range named {
		req.Header.Set(name, value)
	}
	return h.answerTo(t, req)
}
