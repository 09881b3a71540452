package signedurl_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func signerWith(t testing.TB, secret string) *signedurl.Signer {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return signedurl.New([]byte(secret), u, func() time.Time { return noon })
}

// FuzzHandler sends requests that no signer signed: none may have an effect.
func FuzzHandler(f *testing.F) {
	signer := signerWith(f, strings.Repeat("s", 32))
	key := keyOf(f, "acme/a b.txt")
	up := signer.Upload(key, ports.Upload{Size: sized(5), ContentType: "text/plain", IfAbsent: true, TTL: time.Minute})
	signed, err := url.Parse(up.URL.Reveal())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(http.MethodPut, signed.Path, signed.RawQuery+"0")
	f.Add(http.MethodGet, signed.Path, signed.RawQuery)
	f.Add(http.MethodPut, "", "")
	f.Add(http.MethodGet, "acme", "signature=%zz")
	f.Add(http.MethodHead, "/local/objects/acme/../x", "signature=;expires=1")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if method == http.MethodPut && path == signed.Path && sameQuery(query, signed.RawQuery) {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader("hello"))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		w := httptest.NewRecorder()
		signer.Handler(&store{clock: &clock{noon}, objects: map[domain.ObjectKey]stored{}}).ServeHTTP(w, r)
		if w.Code != http.StatusForbidden && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %q?%q was answered with %d", method, path, query, w.Code)
		}
	})
}

func sameQuery(a, b string) bool {
	x, errX := url.ParseQuery(a)
	y, errY := url.ParseQuery(b)
	return errX == nil && errY == nil && x.Encode() == y.Encode()
}

// FuzzRoundTrip signs whatever can be signed: it must work, for its own key.
func FuzzRoundTrip(f *testing.F) {
	f.Add("a b+c%2F&=?#.txt", "text/plain; charset=utf-8", `attachment; filename="a&b=c;d"`, "hello")
	f.Add("日本語/🥐", "", "", "")
	f.Add("%", "a/b", "inline", "\x00")
	f.Fuzz(func(t *testing.T, filename, contentType, disposition, body string) {
		tenant, err := domain.ParseTenantID("acme")
		if err != nil {
			t.Fatal(err)
		}
		key, err := domain.NewObjectKey(tenant, filename)
		if err != nil {
			return
		}
		s := newSite(t, base)
		upload := ports.Upload{Size: sized(int64(len(body))), ContentType: contentType, TTL: time.Minute}
		download := ports.Download{Disposition: disposition, ContentType: contentType, TTL: time.Minute}
		if upload.Validate() != nil || download.Validate() != nil {
			return
		}
		up, down := s.signer.Upload(key, upload), s.signer.Download(key, download)
		mustAnswer(t, s.send(up, body), 200, "")
		if held := s.store.content(key); held != body {
			t.Fatalf("it holds %q under %q", held, key)
		}
		got := s.send(down, "")
		mustAnswer(t, got, 200, "")
		if d := got.Header().Get("Content-Disposition"); d != disposition {
			t.Errorf("the disposition is %q, want %q", d, disposition)
		}
	})
}
