package porttest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// insistOnSignatures is the part of [ObjectStore] about what a signature permits.
func insistOnSignatures(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("a signature fits one key of one tenant", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "sign")
		mine := object{s, keyOf(t, tenant, "mine")}
		mine.put(t, "mine")
		for _, other := range []object{{s, keyOf(t, tenant, "yours")}, {s, newKey(t, "mine")}} {
			other.put(t, "other")
			elsewhere := func(r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, mine.key.String(), other.key.String(), 1)
				r.URL.RawPath = ""
			}
			mine.mustRefuse(t, mine.signUpload(t, anyUpload), "stolen", elsewhere)
			mine.mustRefuse(t, mine.signDownload(t, anyDownload), "", elsewhere)
			other.mustHold(t, "other")
		}
		mine.mustHold(t, "mine")
	})
	t.Run("a signature fits no other spelling of its key", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "sign")
		mine, other := object{s, keyOf(t, tenant, "folder/mine")}, object{s, keyOf(t, tenant, "other")}
		mine.put(t, "mine")
		other.put(t, "other")
		for _, detour := range []string{"folder/../other", "folder/%2e%2e/other", "folder/mine/../../other"} {
			around := func(r *http.Request) {
				r.URL.Opaque = strings.Replace(r.URL.EscapedPath(), "folder/mine", detour, 1)
			}
			mine.mustRefuse(t, mine.signDownload(t, anyDownload), "", around)
			mine.mustRefuse(t, mine.signUpload(t, anyUpload), "stolen", around)
		}
		other.mustHold(t, "other")
	})
	t.Run("a signature fits one method", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		for _, signed := range []ports.SignedRequest{o.signUpload(t, anyUpload), o.signDownload(t, anyDownload)} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPost, http.MethodPatch} {
				if method != signed.Method {
					o.mustRefuse(t, signed, "stolen", func(r *http.Request) { r.Method = method })
				}
			}
		}
		o.mustHold(t, "hello")
	})
	t.Run("no part of a signed query can be changed or left out", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		upload := ports.Upload{Size: sized(5), ContentType: "text/plain", SHA256: sum("jello"), TTL: time.Minute}
		download := ports.Download{Disposition: "attachment", ContentType: "text/plain", TTL: time.Minute}
		for _, signed := range []ports.SignedRequest{o.signUpload(t, upload), o.signDownload(t, download)} {
			for name := range query(t, signed) {
				for _, change := range []string{"9", "99999999999", " "} {
					o.mustRefuse(t, signed, "jello", appendToQuery(name, change))
				}
				o.mustRefuse(t, signed, "jello", dropQuery(name))
			}
		}
		o.mustHold(t, "hello")
	})
	t.Run("without its query a URL permits nothing", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		bare := func(r *http.Request) { r.URL.RawQuery = "" }
		o.mustRefuse(t, o.signDownload(t, anyDownload), "", bare)
		o.mustRefuse(t, o.signUpload(t, anyUpload), "stolen", bare)
		o.mustHold(t, "hello")
	})
	t.Run("a URL lives for its time to live", func(t *testing.T) {
		const ttl = time.Second
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		upload := o.signUpload(t, ports.Upload{TTL: ttl})
		download := o.signDownload(t, ports.Download{TTL: ttl})
		time.Sleep(ttl + time.Second + past) // signatures of S3 count whole seconds
		o.mustRefuse(t, upload, "late")
		o.mustRefuse(t, download, "")
		o.mustHold(t, "hello")
	})
	t.Run("a URL lives for fifteen minutes at most", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		for _, signed := range []ports.SignedRequest{o.signUpload(t, ports.Upload{TTL: time.Hour}), o.signDownload(t, ports.Download{TTL: time.Hour})} {
			if life := time.Until(signed.ExpiresAt); life > ports.MaxSignedLife {
				t.Errorf("it lives %v", life)
			}
		}
	})
	t.Run("a URL reports when it ends", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		const ttl = 10 * time.Minute
		before := time.Now()
		for _, signed := range []ports.SignedRequest{o.signUpload(t, ports.Upload{TTL: ttl}), o.signDownload(t, ports.Download{TTL: ttl})} {
			mustBeNear(t, signed.ExpiresAt, before.Add(ttl))
			if signed.ExpiresAt.After(time.Now().Add(ttl)) {
				t.Errorf("it ends at %v, later than it should", signed.ExpiresAt)
			}
		}
	})
}

func query(t *testing.T, signed ports.SignedRequest) url.Values {
	t.Helper()
	u, err := url.Parse(signed.URL.Reveal())
	mustDo(t, err)
	return u.Query()
}

func appendToQuery(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		q.Set(name, q.Get(name)+value)
		r.URL.RawQuery = q.Encode()
	}
}

func dropQuery(name string) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		q.Del(name)
		r.URL.RawQuery = q.Encode()
	}
}

// object is one key of a store.
type object struct {
	ObjectStorage
	key domain.ObjectKey
}

// answer is the answer of a store.
type answer struct {
	status int
	header http.Header
	body   string
}

func (o object) signUpload(t *testing.T, upload ports.Upload) ports.SignedRequest {
	t.Helper()
	signed, err := o.Store.SignUpload(t.Context(), o.key, upload)
	mustDo(t, err)
	return signed
}

func (o object) signDownload(t *testing.T, download ports.Download) ports.SignedRequest {
	t.Helper()
	signed, err := o.Store.SignDownload(t.Context(), o.key, download)
	mustDo(t, err)
	return signed
}

// request builds the signed request, with what change does to it.
func (o object) request(t *testing.T, signed ports.SignedRequest, body string, change ...func(*http.Request)) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), strings.NewReader(body))
	mustDo(t, err)
	for name, value := range signed.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length": // the client counts for itself
		case "Host":
			req.Host = value
		default:
			req.Header.Set(name, value)
		}
	}
	for _, c := range change {
		c(req)
	}
	return req
}

func (o object) send(t *testing.T, signed ports.SignedRequest, body string, change ...func(*http.Request)) answer {
	t.Helper()
	req := o.request(t, signed, body, change...)
	resp, err := o.Client.Do(req)
	mustDo(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	mustDo(t, err)
	return answer{resp.StatusCode, resp.Header, string(got)}
}

// mustSend sends the signed request and fails if the store refuses it.
func (o object) mustSend(t *testing.T, signed ports.SignedRequest, body string, change ...func(*http.Request)) {
	t.Helper()
	if got := o.send(t, signed, body, change...); got.status >= 300 {
		t.Fatalf("%s answered %d: %s", signed.Method, got.status, got.body)
	}
}

// mustRefuse sends the signed request and fails unless the store refuses it.
func (o object) mustRefuse(t *testing.T, signed ports.SignedRequest, body string, change ...func(*http.Request)) {
	t.Helper()
	req := o.request(t, signed, body, change...)
	resp, err := o.Client.Do(req)
	if err != nil {
		t.Logf("the connection ended: %v", err) // a refusal before the body was read
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode < 400 || resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented {
		got, _ := io.ReadAll(resp.Body)
		t.Errorf("%s %s of %q with %v answered %d: %s", req.Method, req.URL.Path, body, req.Header, resp.StatusCode, got)
	}
}

func (o object) put(t *testing.T, content string) {
	t.Helper()
	o.mustSend(t, o.signUpload(t, anyUpload), content)
}

func (o object) get(t *testing.T, download ports.Download) answer {
	t.Helper()
	got := o.send(t, o.signDownload(t, download), "")
	if got.status != http.StatusOK {
		t.Fatalf("GET answered %d: %s", got.status, got.body)
	}
	return got
}

func (o object) mustHold(t *testing.T, content string) {
	t.Helper()
	if got := o.get(t, anyDownload).body; got != content {
		t.Fatalf("%s holds %q, want %q", o.key, got, content)
	}
	info, err := o.Store.Stat(t.Context(), o.key)
	mustDo(t, err)
	if info.Size != int64(len(content)) {
		t.Fatalf("%s has %d bytes, want %d", o.key, info.Size, len(content))
	}
}

func (o object) mustBeAbsent(t *testing.T) {
	t.Helper()
	_, err := o.Store.Stat(t.Context(), o.key)
	mustBe(t, err, domain.NotFound)
}

// mustCarry puts content and reads it back.
func (o object) mustCarry(t *testing.T, content string) {
	t.Helper()
	o.put(t, content)
	o.mustHold(t, content)
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// newKey returns the key of a file of a new tenant.
func newKey(t *testing.T, filename string) domain.ObjectKey {
	t.Helper()
	return keyOf(t, newTenantID(t, "files"), filename)
}

func keyOf(t *testing.T, tenant domain.TenantID, filename string) domain.ObjectKey {
	t.Helper()
	key, err := domain.NewObjectKey(tenant, filename)
	mustDo(t, err)
	return key
}

// longKey is a key of 1,024 bytes whose segments have at most segment bytes.
func longKey(t *testing.T, tenant domain.TenantID, segment int) domain.ObjectKey {
	t.Helper()
	name := []byte(strings.Repeat("x", 1024-len(tenant.String())-1))
	for i := segment; i < len(name)-1; i += segment + 1 {
		name[i] = '/'
	}
	return keyOf(t, tenant, string(name))
}
