package memory_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestObjects(t *testing.T) {
	key := domain.Must(domain.ParseObjectKey("acme/plan.txt"))
	get := func(t *testing.T, client *http.Client, signed ports.SignedRequest) (int, string) {
		t.Helper()
		resp, err := client.Get(signed.URL.Reveal())
		must(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(body)
	}

	t.Run("an object is served, and a served object stays unchanged", func(t *testing.T) {
		objects, client := serveObjects(t, "")
		content := []byte("hello")
		objects.Put(key, "text/plain", content)
		content[0] = 'j'
		got, found := objects.Get(key)
		if !found || string(got) != "hello" {
			t.Errorf("got %q", got)
		}
		got[0] = 'y'
		signed, err := objects.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
		must(t, err)
		if status, body := get(t, client, signed); status != http.StatusOK || body != "hello" {
			t.Errorf("got %d %q", status, body)
		}
	})
	t.Run("another key has no object", func(t *testing.T) {
		if got, found := new(memory.Objects).Get(key); found || got != nil {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a URL ends by the store's clock", func(t *testing.T) {
		objects, client := serveObjects(t, "")
		now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
		objects.Now = func() time.Time { return now }
		objects.Put(key, "text/plain", []byte("hello"))
		signed, err := objects.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
		must(t, err)
		if want := now.Add(time.Minute); !signed.ExpiresAt.Equal(want) {
			t.Errorf("it ends at %v, want %v", signed.ExpiresAt, want)
		}
		now = now.Add(time.Minute - time.Millisecond)
		if status, _ := get(t, client, signed); status != http.StatusOK {
			t.Errorf("just before its end: %d", status)
		}
		now = now.Add(time.Millisecond)
		if status, _ := get(t, client, signed); status != http.StatusForbidden {
			t.Errorf("at its end: %d", status)
		}
	})
	t.Run("an unavailable store answers 503", func(t *testing.T) {
		objects, client := serveObjects(t, "")
		objects.Put(key, "text/plain", []byte("hello"))
		signed, err := objects.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
		must(t, err)
		objects.Break()
		if status, _ := get(t, client, signed); status != http.StatusServiceUnavailable {
			t.Errorf("while unavailable: %d", status)
		}
		objects.Restore()
		if status, _ := get(t, client, signed); status != http.StatusOK {
			t.Errorf("when available again: %d", status)
		}
	})
	t.Run("without a base, URLs are signed for an address that no server answers", func(t *testing.T) {
		objects := &memory.Objects{}
		signed, err := objects.SignUpload(t.Context(), key, ports.Upload{TTL: time.Minute})
		must(t, err)
		if got, want := signed.URL.Reveal(), "http://objects.invalid/acme/plan.txt?"; len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("got %s", got)
		}
	})
}
