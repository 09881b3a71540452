package signedurl_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestExpiry(t *testing.T) {
	t.Run("a URL works until it expires, and no longer", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		up, down := s.signer.Upload(key, anyUpload), s.signer.Download(key, anyDownload)
		s.clock.Time = up.ExpiresAt.Add(-time.Nanosecond)
		mustAnswer(t, s.send(up, "hello"), 200, "")
		mustAnswer(t, s.send(down, ""), 200, "")
		s.clock.Time = up.ExpiresAt
		mustAnswer(t, s.send(up, "later"), 403, "url_expired")
		mustAnswer(t, s.send(down, ""), 403, "url_expired")
		if held := s.store.content(key); held != "hello" {
			t.Errorf("it holds %q", held)
		}
	})
	for ttl, want := range map[time.Duration]time.Duration{
		time.Minute:                      time.Minute,
		90 * time.Millisecond:            90 * time.Millisecond,
		time.Second + time.Nanosecond:    time.Second,
		15 * time.Minute:                 15 * time.Minute,
		15*time.Minute + time.Nanosecond: 15 * time.Minute,
		7 * 24 * time.Hour:               15 * time.Minute,
	} {
		t.Run("for a TTL of "+ttl.String()+" it lives "+want.String(), func(t *testing.T) {
			s, key := newSite(t, base), keyOf(t, "acme/a.txt")
			for _, signed := range []ports.SignedRequest{
				s.signer.Upload(key, ports.Upload{TTL: ttl}),
				s.signer.Download(key, ports.Download{TTL: ttl}),
			} {
				if life := signed.ExpiresAt.Sub(noon); life != want || signed.ExpiresAt.Location() != time.UTC {
					t.Errorf("it lives %v, until %v", life, signed.ExpiresAt)
				}
			}
		})
	}
}

func TestChangedURLs(t *testing.T) {
	for name, change := range map[string]func(*url.URL, url.Values){
		"another tenant":                    func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "acme", "bcme", 1) },
		"another name":                      func(u *url.URL, _ url.Values) { u.Path += "x" },
		"a way around":                      func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "a.txt", "x/../a.txt", 1) },
		"no key":                            func(u *url.URL, _ url.Values) { u.Path = "/local/objects/" },
		"an unknown parameter":              func(_ *url.URL, q url.Values) { q.Set("x", "1") },
		"an unknown, empty parameter":       func(_ *url.URL, q url.Values) { q.Set("x", "") },
		"a later expiry":                    func(_ *url.URL, q url.Values) { q.Set("expires", q.Get("expires")+"0") },
		"two expiries":                      func(_ *url.URL, q url.Values) { q.Add("expires", "9999999999999") },
		"no expiry":                         func(_ *url.URL, q url.Values) { q.Del("expires") },
		"no size":                           func(_ *url.URL, q url.Values) { q.Del("size") },
		"another size":                      func(_ *url.URL, q url.Values) { q.Set("size", "6") },
		"no type":                           func(_ *url.URL, q url.Values) { q.Del("type") },
		"another type":                      func(_ *url.URL, q url.Values) { q.Set("type", "text/html") },
		"no checksum":                       func(_ *url.URL, q url.Values) { q.Del("sha256") },
		"no ifAbsent":                       func(_ *url.URL, q url.Values) { q.Del("ifAbsent") },
		"no signature":                      func(_ *url.URL, q url.Values) { q.Del("signature") },
		"an empty signature":                func(_ *url.URL, q url.Values) { q.Set("signature", "") },
		"two signatures, one of them right": func(_ *url.URL, q url.Values) { q.Add("signature", q.Get("signature")) },
		"a padded signature":                func(_ *url.URL, q url.Values) { q.Set("signature", q.Get("signature")+"=") },
		"a disposition":                     func(_ *url.URL, q url.Values) { q.Set("disposition", "inline") },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			s, key := newSite(t, base), keyOf(t, "acme/a.txt")
			signed := s.signer.Upload(key, ports.Upload{Size: sized(5), ContentType: "text/plain", SHA256: make([]byte, 32), IfAbsent: true, TTL: time.Minute})
			u, err := url.Parse(signed.URL.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			query := u.Query()
			change(u, query)
			u.RawQuery = query.Encode()
			signed.URL = domain.NewSecret(u.String())
			mustAnswer(t, s.send(signed, "hello"), 403, "signature_invalid")
		})
	}
	t.Run("a query in another order is the same query", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		got := s.send(s.signer.Upload(key, anyUpload), "hello", func(r *http.Request) {
			first, second, _ := strings.Cut(r.URL.RawQuery, "&")
			r.URL.RawQuery = second + "&" + first
		})
		mustAnswer(t, got, 200, "")
	})
	t.Run("a URL of another secret is refused", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		other := signerWith(t, "another secret, of 32 bytes or so")
		signed := other.Upload(key, anyUpload)
		mustAnswer(t, s.send(signed, "hello"), 403, "signature_invalid")
	})
	t.Run("an upload's URL is good for no download, and the other way round", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		as := func(method string) func(*http.Request) { return func(r *http.Request) { r.Method = method } }
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "", as(http.MethodGet)), 403, "signature_invalid")
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "", as(http.MethodHead)), 403, "signature_invalid")
		mustAnswer(t, s.send(s.signer.Download(key, anyDownload), "hello", as(http.MethodPut)), 403, "signature_invalid")
	})
}
