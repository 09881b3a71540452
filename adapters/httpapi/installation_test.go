package httpapi_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/internal/logbuffer"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// installation is the whole API on memory, served on a loopback port.
type installation struct {
	db         *memory.DB
	identities *idptest.Provider
	objects    *memory.Objects
	config     httpapi.Config
	clock      *clock
	log        *logbuffer.Buffer

	url, addr string
	client    *http.Client
}

// open builds an installation, lets change alter it, and serves it until the test ends.
func open(t *testing.T, change ...func(*installation)) *installation {
	t.Helper()
	h := build(t)
	for _, c := range change {
		c(h)
	}
	h.serve(t, httpapi.New(h.config))
	return h
}

func build(t testing.TB) *installation {
	t.Helper()
	clock := &clock{now: time.Now()}
	h := &installation{
		db:         &memory.DB{Now: clock.Now},
		identities: idptest.New(func(c *idp.Config) { c.Now = clock.Now }),
		objects:    &memory.Objects{Now: clock.Now},
		clock:      clock,
		log:        &logbuffer.Buffer{},
		client:     &http.Client{Transport: checking{t, &http.Transport{}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	inFlight := limits.NewTenants(domain.TenantLimits{})
	service := &tenants.Service{InFlight: inFlight, Registry: h.db.Tenants(), Provisioner: h.db.Tenants(), Prober: h.db.Tenants(), Reservations: h.db.Reservations(), Lifecycle: h.db.Lifecycle(), Directory: h.db.Directory(), Purger: h.db.Purges(), Tombstones: h.db.Purges(), Objects: h.objects, Grace: 720 * time.Hour, Users: h.identities, Limits: tenants.NewLimits(clock.Now)}
	inviting := &invitations.Service{
		Store: h.db.Invitations(), Tokens: h.db.Invitations(), Users: h.identities, Limits: invitations.NewLimits(clock.Now), Now: clock.Now,
		URL: &url.URL{Scheme: "https", Host: "app.example.com", Path: "/join"},
	}
	operators, err := access.ParseOperatorKeys(domain.NewSecret(operatorToken))
	if err != nil {
		t.Fatal(err)
	}
	h.config = httpapi.Config{
		Access:         &access.Service{Members: h.db.Members(), InFlight: inFlight},
		Tenants:        service,
		Events:         &events.Service{Sequencer: h.db.Events(), Reader: h.db.Events()},
		Identities:     &identities.Service{Provider: h.identities, Directory: h.db.Directory(), Emails: h.db.Members(), Tenants: service, Invitations: inviting, Limits: identities.NewLimits(clock.Now)},
		Invitations:    inviting,
		Members:        &members.Service{Lister: h.db.Members(), Changer: h.db.Members(), Now: clock.Now},
		Files:          &files.Service{Signer: h.objects, Store: h.objects, MaxSize: 1 << 30},
		Verifier:       h.identities,
		Operators:      operators,
		Dependencies:   []httpapi.Dependency{{Name: "database", Check: h.db}, {Name: "objects", Check: h.objects}},
		LocalObjects:   h.objects,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		AllowOrigins:   []string{"https://app.example.com"},
		Logger:         slog.New(slog.NewJSONHandler(h.log, nil)),
		Now:            clock.Now,
	}
	return h
}

const operatorToken = "an operator token of thirty-two bytes"

func (h *installation) serve(t *testing.T, handler http.Handler) {
	t.Helper()
	h.serveOn(t, &httpapi.Server{Handler: handler, Logger: h.config.Logger})
}

func (h *installation) serveOn(t *testing.T, server *httpapi.Server) *served {
	t.Helper()
	s := serve(t, server)
	h.url, h.addr = s.url, s.addr
	h.objects.Base = &url.URL{Scheme: "http", Host: s.addr, Path: "/local/objects/"}
	t.Cleanup(h.client.CloseIdleConnections)
	return s
}

// answer is an answer and its body.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request whose body, if there is one, is JSON. Each of headers is
// "Name: value".
func (h *installation) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, h.url+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Content-Type" {
			req.Header.Set(name, value)
			continue
		}
		req.Header.Add(name, value)
	}
	return h.answerTo(t, req)
}

func (h *installation) answerTo(t *testing.T, req *http.Request) answer {
	t.Helper()
	res, err := h.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

func (h *installation) get(t *testing.T, path string, headers ...string) answer {
	t.Helper()
	return h.send(t, http.MethodGet, path, "", headers...)
}

func (h *installation) post(t *testing.T, path, body string, headers ...string) answer {
	t.Helper()
	return h.send(t, http.MethodPost, path, body, headers...)
}

// field returns a field of the answer's JSON, as text.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(a.body), &fields); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	switch value := fields[name].(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		text, _ := json.Marshal(value)
		return string(text)
	}
}

// is fails the test if the answer does not have this status.
func (a answer) is(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("got %d %s, want %d", a.status, a.body, status)
	}
	return a
}

// isProblem fails the test unless the answer is this problem, in the complete form
// that problems have.
func (a answer) isProblem(t *testing.T, status int, code domain.Code, field string) answer {
	t.Helper()
	a.is(t, status)
	var p struct {
		Type, Title, Detail, Code, Message, Field, RequestID string
		Status                                               int
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	switch {
	case a.header.Get("Content-Type") != "application/problem+json":
		t.Errorf("the problem is a %s", a.header.Get("Content-Type"))
	case p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Status != status:
		t.Errorf("the problem's head is %s", a.body)
	case p.Code != string(code) || p.Field != field:
		t.Errorf("got code %q on field %q, want %q on %q: %s", p.Code, p.Field, code, field, p.Detail)
	case p.Detail == "" || p.Detail != p.Message:
		t.Errorf("detail %q is not message %q", p.Detail, p.Message)
	case p.RequestID == "" || p.RequestID != a.header.Get("X-Request-ID"):
		t.Errorf("requestId %q is not the header's %q", p.RequestID, a.header.Get("X-Request-ID"))
	case a.header.Get("Cache-Control") != "no-store":
		t.Error("the problem may be cached")
	case (status == 429 || status == 503) && a.header.Get("Retry-After") == "":
		t.Error("there is no Retry-After")
	}
	return a
}

// signIn returns the Authorization header of a signed-in user.
func (h *installation) signIn(t testing.TB, address string) string {
	t.Helper()
	return "Authorization: Bearer " + h.caller(t, address).Token().Reveal()
}

func (h *installation) caller(t testing.TB, address string) ports.Caller {
	t.Helper()
	caller, err := h.identities.Caller(parse(t, domain.ParseEmail, address))
	if err != nil {
		t.Fatal(err)
	}
	return caller
}

// join has the database give the user with that address the role in tenant id.
func (h *installation) join(t testing.TB, id domain.TenantID, address string, role domain.Role) {
	t.Helper()
	grant := ports.MemberGrant{Tenant: id, Member: h.caller(t, address).Identity(), Role: role}
	if _, err := h.db.Members().Grant(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
}

// tenant makes a tenant whose owner has the address.
func (h *installation) tenant(t testing.TB, id, owner string) domain.TenantID {
	t.Helper()
	tenant := parse(t, domain.ParseTenantID, id)
	if _, err := h.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenant, Name: id, Owner: h.caller(t, owner).Identity()}); err != nil {
		t.Fatal(err)
	}
	return tenant
}

func parse[T any](t testing.TB, parser func(string) (T, error), text string) T {
	t.Helper()
	value, err := parser(text)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// clock runs by itself, and jumps by pass.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	wait time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.Add(c.wait)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait += d
}

// dial opens a connection to the installation, which the test ends.
func (h *installation) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func newAPI(h *installation) http.Handler { return httpapi.New(h.config) }
