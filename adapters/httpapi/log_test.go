package httpapi_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

// lines returns the log lines of requests.
func (h *installation) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(h.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestTheLogHasTheReasonForWhichATokenWasRefused(t *testing.T) {
	h := open(t)
	token := strings.TrimPrefix(h.signIn(t, "ada@acme.example"), "Authorization: Bearer ")
	got := h.get(t, "/auth/me", "Authorization: Bearer "+token[:len(token)-4]).isProblem(t, 401, "invalid_token", "")
	waitUntil(t, func() bool { return len(h.lines(t)) > 0 })
	lines := h.lines(t)
	reason, _ := lines[len(lines)-1]["reason"].(string)
	if reason == "" || strings.Contains(got.body, reason) || strings.Contains(h.log.String(), token[:len(token)-4]) {
		t.Errorf("the reason is %q, the answer %s", reason, got.body)
	}
}

func TestTheLog(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada, subject := h.signIn(t, "ada@acme.example"), h.caller(t, "ada@acme.example").Identity().String()
	requests := []struct {
		send   func() answer
		level  string
		method string
		route  string
		status float64
		tenant any
		code   any
		who    any
	}{
		{func() answer { return h.get(t, "/", "X-Tenant-ID: acme") }, "INFO", "GET", "/", 200, "acme", nil, nil},
		{func() answer { return h.get(t, "/files/download-url?filename=a", ada) }, "INFO", "GET", "/files/download-url", 200, "acme", nil, subject},
		{func() answer { return h.get(t, "/files/download-url?filename=a", ada, "X-Tenant-ID: nobody") }, "INFO", "GET", "/files/download-url", 404, "nobody", "tenant_not_found", subject},
		{func() answer { return h.get(t, "/", "X-Tenant-ID: Not One") }, "INFO", "GET", "/", 400, nil, "invalid", nil},
		{func() answer { return h.post(t, "/tenants/acme/claim", `{"claimToken":"x"}`, ada) }, "INFO", "POST", "/tenants/:id/claim", 400, "acme", "claim_invalid", subject},
		{func() answer { return h.post(t, "/auth/signout", `{}`, ada) }, "INFO", "POST", "/auth/signout", 400, nil, "invalid", subject},
		{func() answer { return h.post(t, "/auth/signout", `{"refreshToken":"x"}`) }, "INFO", "POST", "/auth/signout", 204, nil, nil, nil},
		{func() answer { return h.get(t, "/some/secret/path?token=hunter2") }, "INFO", "GET", "unmatched", 404, nil, "not_found", nil},
		{func() answer { return h.send(t, "HUNTER2", "/healthz", "") }, "INFO", "other", "/healthz", 405, nil, "method_not_allowed", nil},
		{func() answer { h.db.Break(); defer h.db.Restore(); return h.get(t, "/", "X-Tenant-ID: acme") }, "WARN", "GET", "/", 503, "acme", "database_unavailable", nil},
		{func() answer { return h.post(t, "/auth/tenants", `{"tenantId":"admin"}`, asOperator) }, "INFO", "POST", "/auth/tenants", 400, "admin", "tenant_reserved", "operator"},
	}
	var answers []answer
	for _, request := range requests {
		answers = append(answers, request.send())
	}
	waitUntil(t, func() bool { return len(h.lines(t)) == len(requests) })
	for i, line := range h.lines(t) {
		want := requests[i]
		if line["level"] != want.level || line["method"] != want.method || line["route"] != want.route || line["status"] != want.status || line["tenant"] != want.tenant || line["code"] != want.code || line["subject"] != want.who || line["client"] != "127.0.0.1" {
			t.Errorf("got %v, want %v", line, want)
		}
		if line["requestId"] != answers[i].header.Get("X-Request-ID") || line["bytes"] != float64(len(answers[i].body)) {
			t.Errorf("%v is of another answer than %v", line, answers[i])
		}
		if _, timed := line["duration"]; !timed {
			t.Errorf("%v has no duration", line)
		}
	}
	if strings.Contains(strings.ToLower(h.log.String()), "hunter2") {
		t.Errorf("text of a caller is in the log: %s", h.log)
	}
}

func TestTheLogNamesTheCallerBehindAProxy(t *testing.T) {
	h := open(t)
	h.get(t, "/healthz", "X-Forwarded-For: 192.0.2.7").is(t, 200)
	waitUntil(t, func() bool { return len(h.lines(t)) == 1 })
	if line := h.lines(t)[0]; line["client"] != "192.0.2.7" {
		t.Errorf("got %v", line)
	}
}

// TestNoSecretIsEverLogged runs the story and its mishaps with the log at its
// most talkative.
func TestNoSecretIsEverLogged(t *testing.T) {
	h := open(t, needsConfirmation, func(h *installation) {
		h.config.Logger = slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug - 10}))
	})
	created := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
	claim := created.field(t, "claimToken")
	h.post(t, "/auth/signup", fmt.Sprintf(`{"email": "ada@acme.example", "password": "correct horse", "claimToken": %q}`, claim)).is(t, 201)
	code := h.code(t, "ada@acme.example")
	h.post(t, "/auth/verify-email", fmt.Sprintf(`{"email": "ada@acme.example", "code": %q}`, code)).is(t, 200)
	tokens := h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
	access, refresh := tokens.field(t, "AccessToken"), tokens.field(t, "RefreshToken")
	ada := "Authorization: Bearer " + access
	upload := h.post(t, "/files/upload-url", `{"filename": "payroll.txt"}`, ada).is(t, 200).field(t, "uploadUrl")
	h.transfer(t, "PUT", upload, "{}", "hello").is(t, 200)
	h.transfer(t, "PUT", upload+"x", "{}", "hello").is(t, 403)
	h.get(t, "/files/download-url?filename=payroll.txt", ada).is(t, 200)
	h.get(t, "/auth/me?access_token="+access, ada+"x").is(t, 401)
	h.post(t, "/auth/tenants", `{"tenantId": "beta"}`, asOperator).is(t, 201)
	h.identities.Break()
	h.post(t, "/auth/signin", adaSignsUp).is(t, 503)
	h.post(t, "/auth/refresh", fmt.Sprintf(`{"refreshToken": %q}`, refresh)).is(t, 503)
	h.identities.Restore()

	signed, err := url.Parse(upload)
	if err != nil {
		t.Fatal(err)
	}
	waitUntil(t, func() bool { return strings.Count(h.log.String(), "\n") >= 12 })
	log := h.log.String()
	for what, secret := range map[string]string{
		"password": "correct horse", "claim": claim, "code": code, "access token": access, "refresh token": refresh,
		"ID token": tokens.field(t, "IdToken"), "operator token": operatorToken, "signed query": signed.RawQuery, "address": "ada@acme", "file name": "payroll",
	} {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the %s (%q) is in the log", what, secret)
		}
	}
}
