package signedurl_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/ports"
)

func TestSlowTransfers(t *testing.T) {
	const timeout = 100 * time.Millisecond
	server := httptest.NewUnstartedServer(nil)
	server.Config.ReadTimeout, server.Config.WriteTimeout = timeout, timeout
	server.Start()
	defer server.Close()
	s, key := newSite(t, server.URL), keyOf(t, "acme/large")
	server.Config.Handler = s
	content := strings.Repeat("0123456789abcdef", 1<<21) // more than the buffers on the way hold

	t.Run("an upload takes longer than the server's timeout", func(t *testing.T) {
		signed := s.signer.Upload(key, ports.Upload{Size: sized(int64(len(content))), TTL: time.Minute})
		body := io.MultiReader(strings.NewReader(content[:10]), &pause{d: 3 * timeout}, strings.NewReader(content[10:]))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, signed.URL.Reveal(), body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = int64(len(content))
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("got %d", resp.StatusCode)
		}
	})
	t.Run("so does a download", func(t *testing.T) {
		resp, err := server.Client().Get(s.signer.Download(key, anyDownload).URL.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.Sleep(3 * timeout)
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != content {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
}

// pause is an empty reader that takes a while.
type pause struct{ d time.Duration }

func (p *pause) Read([]byte) (int, error) {
	time.Sleep(p.d)
	return 0, io.EOF
}
