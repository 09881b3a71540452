package httpapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestAProductsRouteHasALineInTheLog(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada, subject := h.signIn(t, "ada@acme.example"), h.caller(t, "ada@acme.example").Identity().String()
	routes := map[string]string{"net/http": "GET /invoices", "Echo": "/invoices"}
	for what, test := range map[string]struct {
		fail          error
		headers       []string
		level         string
		status        int
		code          any
		tenant, error string
		subject       any
	}{
		"of a member":              {nil, []string{ada}, "INFO", 200, nil, "acme", "", subject},
		"of a stranger":            {nil, nil, "INFO", 401, "unauthenticated", "", "", nil},
		"of another tenant":        {nil, []string{ada, "X-Tenant-ID: beta"}, "INFO", 404, "tenant_not_found", "beta", "", subject},
		"that is refused":          {domain.Invalidf("cents", "no"), []string{ada}, "INFO", 400, "invalid", "acme", "", subject},
		"that fails":               {errors.New("the ledger is lost"), []string{ada}, "ERROR", 500, "internal", "acme", "the ledger is lost", subject},
		"of a database that fails": {&domain.Error{Kind: domain.Unavailable, Err: errors.New("away")}, []string{ada}, "WARN", 503, "unavailable", "acme", "away", subject},
	} {
		for name, product := range products(httpapi.New(h.config), test.fail) {
			t.Run(what+" in "+name, func(t *testing.T) {
				h.log.Reset()
				got := ask(t, product, append(test.headers, "X-Forwarded-For: 192.0.2.7")...).is(t, test.status)
				lines := h.lines(t)
				if len(lines) != 1 {
					t.Fatalf("there are %d lines: %v", len(lines), lines)
				}
				line := lines[0]
				tenant, _ := line["tenant"].(string)
				cause, _ := line["error"].(string)
				if line["msg"] != "request" || line["level"] != test.level || line["method"] != "GET" || line["route"] != routes[name] || line["status"] != float64(test.status) ||
					line["code"] != test.code || tenant != test.tenant || line["subject"] != test.subject || !strings.Contains(cause, test.error) || (cause == "") != (test.error == "") {
					t.Errorf("got %v", line)
				}
				if line["requestId"] != got.header.Get("X-Request-ID") || (name == "net/http" || test.fail == nil) && line["bytes"] != float64(len(got.body)) {
					t.Errorf("%v is of another answer than %v", line, got)
				}
			})
		}
	}
}

func TestAProductsPanicHasALine(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	api := httpapi.New(h.config)
	e := echo.New()
	e.GET("/invoices", func(echo.Context) error { panic("no") }, api.EchoRequireMember)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /invoices", func(http.ResponseWriter, *http.Request) { panic("no") })
	for route, product := range map[string]http.Handler{
		"GET /invoices": api.RequireMember(mux),
		"/invoices":     e,
	} {
		h.log.Reset()
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic was swallowed", route)
				}
			}()
			ask(t, product, h.signIn(t, "ada@acme.example"))
		}()
		if lines := h.lines(t); len(lines) != 1 || lines[0]["status"] != 500.0 || lines[0]["level"] != "ERROR" || lines[0]["route"] != route {
			t.Errorf("%s: got %v", route, lines)
		}
	}
}

func TestOneLineForMiddlewaresInsideEachOther(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	api := httpapi.New(h.config)
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", api.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })))
	ask(t, api.RequireMember(mux), h.signIn(t, "ada@acme.example")).is(t, 200)
	lines := h.lines(t)
	if len(lines) != 1 || lines[0]["route"] != "GET /invoices" || lines[0]["bytes"] != 5.0 {
		t.Errorf("got %v", lines)
	}
}

// What a handler may do with its ResponseWriter, it may do behind RequireMember.
func TestRequireMemberKeepsTheInterfacesOfTheResponse(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	body := strings.Repeat("x", 100_000)
	server := httptest.NewServer(httpapi.New(h.config).RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.(http.Flusher).Flush()
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(w, bytes.NewReader([]byte(body))); err != nil {
			t.Error(err)
		}
	})))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(h.signIn(t, "ada@acme.example"), ": ")
	req.Header.Set(name, value)
	if got := h.answerTo(t, req).is(t, 200); got.body != body {
		t.Errorf("%d bytes came", len(got.body))
	}
	waitUntil(t, func() bool { return len(h.lines(t)) == 1 })
	if line := h.lines(t)[0]; line["status"] != 200.0 || line["bytes"] != float64(len(body)) || line["route"] != "unmatched" {
		t.Errorf("got %v", line)
	}
}

func TestEventsNameTheirRequestAndItsCaller(t *testing.T) {
	h := open(t)
	token := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, "X-Request-ID: r1").is(t, 201).field(t, "claimToken")
	h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, "X-Request-ID: r2", h.signIn(t, "ada@acme.example")).is(t, 201)
	h.post(t, "/auth/signup", fmt.Sprintf(`{"email": "bob@acme.example", "password": "correct horse", "claimToken": %q}`, token), "X-Request-ID: r3", "X-Forwarded-For: 192.0.2.7").is(t, 201)
	got := ""
	for _, e := range h.events(t) {
		got += fmt.Sprintf("%s by %s from %s\n", e.Kind, e.RequestID, e.Address)
	}
	if want := "tenant.created by r2 from 127.0.0.1\ntenant.claimed by r3 from 192.0.2.7\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// events returns all events.
func (h *installation) events(t *testing.T) []domain.Event {
	t.Helper()
	log := h.db.Events()
	domain.Must(log.Sequence(t.Context()))
	return domain.Must(log.Events(t.Context(), ports.EventQuery{Limit: 1000}))
}
