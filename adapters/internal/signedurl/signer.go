// Package signedurl makes the signed, expiring URLs of the built-in object stores,
// and serves them: as with S3, the bytes do not pass through the API.
//
// A URL's query contains all that the URL allows. The query, the method and the key
// are signed with HMAC-SHA256 (RFC 2104), so that a parameter that is changed, added
// or left out breaks the signature.
package signedurl

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MaxLife is the longest life of a signed URL, whatever its TTL.
const MaxLife = ports.MaxSignedLife

// Life returns how long a URL of the given TTL lives.
func Life(ttl time.Duration) time.Duration { return min(ttl, MaxLife) }

// minSecretLen is the size of the hash: less would be the weakest part of the URL.
const minSecretLen = sha256.Size

// Signer signs URLs below one base, and verifies them. It is safe for concurrent use.
type Signer struct {
	secret []byte
	base   url.URL
	now    func() time.Time
}

// New returns a Signer of URLs below base. It panics if secret has less than 32
// bytes; they should be random, and kept for as long as old URLs are to work.
func New(secret []byte, base *url.URL, now func() time.Time) *Signer {
	if len(secret) < minSecretLen {
		panic(fmt.Sprintf("signedurl: a secret has at least %d bytes", minSecretLen))
	}
	return &Signer{
		secret: secret,
		base:   url.URL{Scheme: base.Scheme, Host: base.Host, Path: rooted(base.Path)},
		now:    now,
	}
}

// Upload signs a PUT, as [ports.ObjectSigner] promises for SignUpload.
func (s *Signer) Upload(key domain.ObjectKey, u ports.Upload) ports.SignedRequest {
	g := grant{Upload: u, expires: s.expiry(u.TTL)}
	return s.request(http.MethodPut, key, g, UploadHeaders(u))
}

// Download signs a GET, as [ports.ObjectSigner] promises for SignDownload.
func (s *Signer) Download(key domain.ObjectKey, d ports.Download) ports.SignedRequest {
	g := grant{Upload: ports.Upload{ContentType: d.ContentType}, expires: s.expiry(d.TTL), disposition: d.Disposition}
	return s.request(http.MethodGet, key, g, map[string]string{})
}

// UploadHeaders are the standard headers that a client must send with an upload
// to any store.
func UploadHeaders(u ports.Upload) map[string]string {
	headers := map[string]string{}
	if bytes, given := u.Size.Bytes(); given {
		headers["Content-Length"] = strconv.FormatInt(bytes, 10)
	}
	if u.ContentType != "" {
		headers["Content-Type"] = u.ContentType
	}
	if u.IfAbsent {
		headers["If-None-Match"] = "*"
	}
	return headers
}

// expiry is in whole milliseconds, as in the URL.
func (s *Signer) expiry(ttl time.Duration) time.Time {
	return s.now().UTC().Add(Life(ttl)).Truncate(time.Millisecond)
}

// rooted returns path between two slashes, because [url.URL.JoinPath] leaves out the
// first one if the URL that it joins to has no path.
func rooted(path string) string { return strings.TrimSuffix("/"+strings.Trim(path, "/"), "/") + "/" }

func (s *Signer) request(method string, key domain.ObjectKey, g grant, headers map[string]string) ports.SignedRequest {
	query := g.query()
	query.Set(paramSignature, s.signature(method, key, query))
	u := s.base
	u.Path += key.String()
	u.RawQuery = query.Encode()
	return ports.SignedRequest{Method: method, URL: domain.NewSecret(u.String()), Headers: headers, ExpiresAt: g.expires}
}

// verify returns the key that u names and what u allows, if this Signer signed it for
// method and it has not expired.
func (s *Signer) verify(method string, u *url.URL) (domain.ObjectKey, grant, error) {
	key, err := domain.ParseObjectKey(s.keyIn(u.Path))
	if err != nil {
		return domain.ObjectKey{}, grant{}, errSignature
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query[paramSignature]) != 1 {
		return domain.ObjectKey{}, grant{}, errSignature
	}
	given := query.Get(paramSignature)
	query.Del(paramSignature)
	if !hmac.Equal([]byte(given), []byte(s.signature(method, key, query))) {
		return domain.ObjectKey{}, grant{}, errSignature
	}
	g, err := parseGrant(query)
	if err != nil {
		return domain.ObjectKey{}, grant{}, err
	}
	if !s.now().Before(g.expires) {
		return domain.ObjectKey{}, grant{}, errExpired
	}
	return key, g, nil
}

// signature covers the whole query: [url.Values.Encode] sorts and escapes it, and
// neither a method nor a key contains a line break, so no two requests share a text.
func (s *Signer) signature(method string, key domain.ObjectKey, query url.Values) string {
	mac := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(mac, "partywall object\n%s\n%s\n%s", method, key, query.Encode())
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// keyIn returns the part of path after the base's path. A proxy, or
// [http.StripPrefix], may have removed the first segments of it.
func (s *Signer) keyIn(path string) string {
	for base := s.base.Path; ; {
		if key, found := strings.CutPrefix(path, base); found {
			return key
		}
		_, rest, found := strings.Cut(base[1:], "/")
		if !found {
			return path
		}
		base = "/" + rest
	}
}
