package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// blank discards an answer.
type blank struct{ header http.Header }

func (b *blank) Header() http.Header         { return b.header }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(int)             {}

func benchmark(b *testing.B, request func(h *installation) *http.Request, body string) {
	h := build(b)
	h.config.Now = time.Now
	h.config.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil))
	h.tenant(b, "acme", "ada@acme.example")
	req := request(h)
	handler := httpapi.New(h.config)
	recorder := httptest.NewRecorder()
	if handler.ServeHTTP(recorder, req); recorder.Code != http.StatusOK {
		b.Fatalf("got %d %s", recorder.Code, recorder.Body)
	}
	w := &blank{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		req.Body = io.NopCloser(strings.NewReader(body))
		handler.ServeHTTP(w, req)
	}
}

func BenchmarkStatus(b *testing.B) {
	benchmark(b, func(*installation) *http.Request {
		req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		req.Header.Set("X-Tenant-ID", "acme")
		return req
	}, "")
}

// verified verifies one token, as a verifier does that has verified it before.
type verified struct{ ports.Caller }

func (v verified) Verify(context.Context, domain.Secret) (ports.Caller, error) { return v.Caller, nil }

func BenchmarkUploadURL(b *testing.B) {
	const body = `{"filename": "plans/2026.txt", "size": 5, "contentType": "text/plain"}`
	benchmark(b, func(h *installation) *http.Request {
		ada := h.caller(b, "ada@acme.example")
		h.config.Verifier = verified{ada}
		req := httptest.NewRequest(http.MethodPost, "/files/upload-url", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+ada.Token().Reveal())
		req.Header.Set("X-Tenant-ID", "acme")
		req.Header.Set("Content-Type", "application/json")
		return req
	}, body)
}

// BenchmarkHealthz measures the cost of each request before its own work.
func BenchmarkHealthz(b *testing.B) {
	benchmark(b, func(*installation) *http.Request { return httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody) }, "")
}
