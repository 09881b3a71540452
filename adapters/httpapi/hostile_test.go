package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// shaky probes tenants as the test sets.
type shaky struct {
	clock func(ctx context.Context) (time.Time, error)
}

func (s shaky) Probe(ctx context.Context, _ domain.TenantID) (time.Time, error) { return s.clock(ctx) }

func withClock(clock func(ctx context.Context) (time.Time, error)) func(*installation) {
	return func(h *installation) { h.config.Tenants.Prober = shaky{clock} }
}

func TestAPanic(t *testing.T) {
	t.Run("is a 500 without details, and a stack in the log", func(t *testing.T) {
		h := open(t, withClock(func(context.Context) (time.Time, error) { panic("secret internals") }))
		got := h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 500, "internal", "")
		if strings.Contains(got.body, "secret") {
			t.Errorf("got %s", got.body)
		}
		if log := h.log.String(); !strings.Contains(log, "secret internals") || !strings.Contains(log, "hostile_test.go") || !strings.Contains(log, got.header.Get("X-Request-ID")) {
			t.Errorf("the log is %s", log)
		}
		h.get(t, "/healthz").is(t, 200)
	})
	t.Run("after half of an answer cuts the connection", func(t *testing.T) {
		h := open(t, func(h *installation) {
			h.config.LocalObjects = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, "half")
				panic("secret internals")
			})
		})
		if got := raw(t, h.addr, "GET /local/objects/acme/a HTTP/1.1\r\nHost: x\r\n\r\n"); strings.Contains(got, "internals") || strings.Contains(got, "problem") {
			t.Errorf("got %q", got)
		}
		if !strings.Contains(h.log.String(), "secret internals") {
			t.Error("the log has no line")
		}
	})
	t.Run("of http.ErrAbortHandler only cuts the connection", func(t *testing.T) {
		h := open(t, withClock(func(context.Context) (time.Time, error) { panic(http.ErrAbortHandler) }))
		if got := raw(t, h.addr, "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\n\r\n"); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnInternalErrorRevealsNothing(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("pq: secret internals"),
		&domain.Error{Kind: domain.Internal, Err: fmt.Errorf("secret internals")},
		&domain.Error{Code: "secret_code", Field: "secret", Message: "migration product/0001_a.sql failed: Key (secret)=(internals)", Details: map[string]string{"secret": "x"}, Err: fmt.Errorf("secret internals")},
		fmt.Errorf("create: %w", &domain.Error{Message: "secret internals"}),
		&domain.Error{Kind: 99, Err: fmt.Errorf("secret internals")},
	} {
		h := open(t, withClock(func(context.Context) (time.Time, error) { return time.Time{}, err }))
		if got := h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 500, "internal", ""); strings.Contains(got.body, "secret") {
			t.Errorf("got %s", got.body)
		}
		if !strings.Contains(h.log.String(), "secret internals") {
			t.Errorf("the log is %s", h.log)
		}
	}
}

func TestARequestThatTakesTooLong(t *testing.T) {
	h := build(t)
	withClock(func(ctx context.Context) (time.Time, error) { <-ctx.Done(); return time.Time{}, ctx.Err() })(h)
	h.serve(t, httpapi.NewWithPace(h.config, time.Second, 50*time.Millisecond))
	h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 503, "unavailable", "")
}

func TestARequestWhoseCallerHangsUp(t *testing.T) {
	started, ended := make(chan struct{}), make(chan error, 1)
	h := open(t, withClock(func(ctx context.Context) (time.Time, error) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return time.Time{}, ctx.Err()
	}))
	conn := h.dial(t)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\n\r\n")
	<-started
	conn.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the use case ended with %v", err)
	}
	waitUntil(t, func() bool { return strings.Contains(h.log.String(), `"status":499`) })
	if strings.Contains(h.log.String(), `"level":"ERROR"`) {
		t.Errorf("it is logged as an internal error: %s", h.log)
	}
}

func TestARequestInFlightWhenTheServerStops(t *testing.T) {
	started := make(chan struct{})
	h := build(t)
	withClock(func(ctx context.Context) (time.Time, error) {
		close(started)
		<-ctx.Done()
		return time.Time{}, ctx.Err()
	})(h)
	s := h.serveOn(t, &httpapi.Server{Handler: newAPI(h), Grace: 50 * time.Millisecond})
	go func() {
		<-started
		s.stop()
	}()
	h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 503, "unavailable", "")
	if err := <-s.done; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestAnUploadInProgressWhenTheServerStopsIsCut(t *testing.T) {
	h := build(t)
	h.tenant(t, "acme", "ada@acme.example")
	s := h.serveOn(t, &httpapi.Server{Handler: newAPI(h), Grace: 50 * time.Millisecond})
	signed := h.post(t, "/files/upload-url", `{"filename": "a"}`, h.signIn(t, "ada@acme.example")).is(t, 200).field(t, "uploadUrl")
	path := strings.TrimPrefix(signed, h.url)
	conn := h.dial(t)
	_, _ = io.WriteString(conn, "PUT "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
	time.Sleep(50 * time.Millisecond)
	s.stop()
	if err := <-s.done; err != nil {
		t.Errorf("Serve returned %v: it had to cut the connection itself", err)
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	h := build(t)
	h.serve(t, httpapi.NewWithPace(h.config, 100*time.Millisecond, time.Minute))
	ada := h.signIn(t, "ada@acme.example")

	for _, test := range []struct{ what, head, want string }{
		{"where it is read", "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 408 "},
		{"in chunks", "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "HTTP/1.1 408 "},
		{"of a signed-in caller", "POST /auth/signout HTTP/1.1\r\nHost: x\r\n" + ada + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 408 "},
		{"where no route reads it", "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 404 "},
		{"where a token is missing", "POST /files/upload-url HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 401 "},
		{"of a GET", "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 200 "},
		{"to an object, unsigned", "PUT /local/objects/acme/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 403 "},
	} {
		t.Run(test.what, func(t *testing.T) {
			begin := time.Now()
			got := raw(t, h.addr, test.head)
			if !strings.HasPrefix(got, test.want) || time.Since(begin) > 30*time.Second {
				t.Errorf("got %.100q after %s", got, time.Since(begin))
			}
		})
	}
}

func TestWorkGoesOnAfterTheDeadlineOfTheBody(t *testing.T) {
	h := build(t)
	h.config.Tenants.Provisioner, h.config.Tenants.Prober = slow{h.db.Tenants()}, slow{h.db.Tenants()}
	h.serve(t, httpapi.NewWithPace(h.config, 100*time.Millisecond, time.Minute))
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
	h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
}

// slow is a registry that takes longer than the deadline of bodies.
type slow struct{ *memory.Tenants }

func (s slow) Create(ctx context.Context, tenant ports.TenantCreation) (ports.CreatedTenant, error) {
	if err := s.wait(ctx); err != nil {
		return ports.CreatedTenant{}, err
	}
	return s.Tenants.Create(ctx, tenant)
}

func (s slow) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	if err := s.wait(ctx); err != nil {
		return time.Time{}, err
	}
	return s.Tenants.Probe(ctx, id)
}

func (s slow) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}

func TestASlowUploadIsNotBoundByTheLimitsOfJSON(t *testing.T) {
	h := build(t)
	h.serve(t, httpapi.NewWithPace(h.config, time.Second, time.Second))
	h.tenant(t, "acme", "ada@acme.example")
	signed := h.post(t, "/files/upload-url", `{"filename": "a", "size": 10}`, h.signIn(t, "ada@acme.example")).is(t, 200).field(t, "uploadUrl")
	conn := h.dial(t)
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n", strings.TrimPrefix(signed, h.url))
	for range 10 {
		time.Sleep(200 * time.Millisecond) // in all twice what JSON may take
		_, _ = io.WriteString(conn, "x")
	}
	got, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(got), "HTTP/1.1 200 ") {
		t.Errorf("got %q", got)
	}
}

// TestOneBodyIsOneRequest sends what two servers in a row measure differently
// (request smuggling, RFC 9112, section 11.2): whatever the first one takes for a
// body must not be answered as a request.
func TestOneBodyIsOneRequest(t *testing.T) {
	h := open(t)
	const smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-ID: smuggled\r\n\r\n"
	for what, head := range map[string]string{
		"Content-Length and chunked":   "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked and Content-Length":   "POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n",
		"two Content-Lengths":          "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n",
		"two Content-Lengths in one":   "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: 0, %d\r\n\r\n",
		"a signed Content-Length":      "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: +%d\r\n\r\n",
		"an unknown Transfer-Encoding": "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: xchunked\r\n\r\n",
		"a Transfer-Encoding twice":    "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a space before the colon":     "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Length : %d\r\n\r\n",
	} {
		t.Run(what, func(t *testing.T) {
			got := raw(t, h.addr, fmt.Sprintf(head, len(smuggled)+5)+smuggled)
			if strings.Contains(got, "smuggled") || !strings.HasPrefix(got, "HTTP/1.1 ") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestRequestsInAPipelineAreAnsweredInOrder(t *testing.T) {
	h := open(t)
	conn := h.dial(t)
	var pipeline strings.Builder
	for i := range 10 {
		fmt.Fprintf(&pipeline, "POST /auth/resend-code HTTP/1.1\r\nHost: x\r\nX-Request-ID: n%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", i, len(adaAlone), adaAlone)
	}
	_, _ = io.WriteString(conn, pipeline.String())
	answers := bufio.NewReader(conn)
	for i := range 10 {
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if got := res.Header.Get("X-Request-ID"); res.StatusCode != http.StatusAccepted || got != fmt.Sprintf("n%d", i) {
			t.Fatalf("number %d is %d of %s", i, res.StatusCode, got)
		}
	}
}

func TestHeaderFloodsAreRefused(t *testing.T) {
	h := open(t)
	for _, flood := range []string{
		"X-Flood: " + strings.Repeat("a", 64<<10) + "\r\n",
		strings.Repeat("X-Flood: a\r\n", 8<<10),
		"Authorization: Bearer " + strings.Repeat("a", 64<<10) + "\r\n",
	} {
		if got := raw(t, h.addr, "GET /auth/me HTTP/1.1\r\nHost: x\r\n"+flood+"\r\n"); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
			t.Errorf("got %.60q", got)
		}
	}
	h.get(t, "/healthz").is(t, 200)
}

func TestAThousandCallersWhoHangUpLeaveNoGoroutines(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	h.get(t, "/healthz").is(t, 200)
	before := runtime.NumGoroutine()
	requests := []string{
		"GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\r\n\r\n",
		"GET /files/download-url?filename=a HTTP/1.1\r\nHost: x\r\n" + ada + "\r\n\r\n",
		"POST /files/upload-url HTTP/1.1\r\nHost: x\r\n" + ada + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"filename\"",
		"POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n",
		"GET /readyz HTTP/1.1\r\nHo",
	}
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Go(func() {
			for i := range 50 {
				conn, err := net.Dial("tcp", h.addr)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, requests[(worker+i)%len(requests)])
				conn.Close()
			}
		})
	}
	wg.Wait()
	waitUntil(t, func() bool { return runtime.NumGoroutine() <= before+5 })
	h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
	h.post(t, "/files/upload-url", `{"filename": "a"}`, ada).is(t, 200)
	h.post(t, "/auth/signin", adaSignsUp).is(t, 401)
}
