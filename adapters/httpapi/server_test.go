package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
)

// served is a running Server, and how to stop it.
type served struct {
	url  string
	addr string
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, server *httpapi.Server) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &served{"http://" + listener.Addr().String(), listener.Addr().String(), stop, make(chan error, 1)}
	go func() {
		s.done <- server.Serve(ctx, listener)
		close(s.done)
	}()
	t.Cleanup(func() { stop(); <-s.done })
	return s
}

func TestAServerThatStops(t *testing.T) {
	t.Run("lets the request in flight finish, and accepts no new connection", func(t *testing.T) {
		started, finish := make(chan struct{}), make(chan struct{})
		s := serve(t, &httpapi.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(started)
			<-finish
			_, _ = io.WriteString(w, "done")
		})})
		answer := make(chan string, 1)
		go func() { answer <- body(http.Get(s.url)) }()
		<-started
		s.stop()
		waitUntil(t, func() bool { return refusesConnections(s.addr) })
		close(finish)
		if got := <-answer; got != "200 done" {
			t.Errorf("the request in flight got %q", got)
		}
		if err := <-s.done; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})

	t.Run("cancels the request that is still running after the grace, and reports it", func(t *testing.T) {
		started, cause := make(chan struct{}), make(chan error, 1)
		s := serve(t, &httpapi.Server{Grace: 50 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(started)
			<-r.Context().Done()
			cause <- context.Cause(r.Context())
			w.WriteHeader(http.StatusServiceUnavailable)
		})})
		answer := make(chan string, 1)
		go func() { answer <- body(http.Get(s.url)) }()
		<-started
		s.stop()
		if err := <-cause; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("the cause is %v, the same as for a caller who hung up", err)
		}
		if got := <-answer; got != "503 " {
			t.Errorf("the cancelled request got %q", got)
		}
		if err := <-s.done; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})

	t.Run("does not wait for a request that ignores the cancellation", func(t *testing.T) {
		started, finish := make(chan struct{}), make(chan struct{})
		defer close(finish)
		s := serve(t, &httpapi.Server{Grace: 50 * time.Millisecond, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(started)
			<-finish
		})})
		go func() { body(http.Get(s.url)) }()
		<-started
		s.stop()
		select {
		case err := <-s.done:
			if err == nil {
				t.Error("Serve reports that all requests had an answer")
			}
		case <-time.After(time.Minute):
			t.Fatal("Serve still waits")
		}
	})

	t.Run("closes idle connections at once", func(t *testing.T) {
		s := serve(t, &httpapi.Server{Grace: time.Hour, Handler: http.NotFoundHandler()})
		body(http.Get(s.url)) // stays in the client's pool
		s.stop()
		select {
		case err := <-s.done:
			if err != nil {
				t.Errorf("Serve returned %v", err)
			}
		case <-time.After(time.Minute):
			t.Fatal("Serve waits for them")
		}
	})
}

func TestAServerWhoseListenerFailsReturns(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := (&httpapi.Server{Handler: http.NotFoundHandler()}).Serve(t.Context(), listener); err == nil {
		t.Error("Serve returned nil")
	}
}

func TestAServerRefusesEndlessHeaders(t *testing.T) {
	s := serve(t, &httpapi.Server{Handler: http.NotFoundHandler()})
	answer := raw(t, s.addr, "GET / HTTP/1.1\r\nHost: x\r\nX-Flood: "+strings.Repeat("a", 64<<10)+"\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 431 ") {
		t.Errorf("got %.60q", answer)
	}
}

// body returns an answer's status and body.
func body(res *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return strings.TrimSuffix(res.Status, http.StatusText(res.StatusCode)) + string(text)
}

func refusesConnections(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return true
	}
	conn.Close()
	return false
}

func waitUntil(t *testing.T, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !what(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never becomes true")
		}
	}
}

// raw sends text over a connection of its own and returns everything that it receives
// until the server closes it, or for two seconds.
func raw(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text) // the server may close before all is sent
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	answer, _ := io.ReadAll(conn)
	return string(answer)
}
