package signedurl_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const base = "http://localhost:3000/local/objects/"

var (
	anyUpload   = ports.Upload{TTL: time.Minute}
	anyDownload = ports.Download{TTL: time.Minute}
)

func TestUploads(t *testing.T) {
	hello := sha256.Sum256([]byte("hello"))
	for _, test := range []struct {
		name   string
		upload ports.Upload
		body   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"a plain PUT", ports.Upload{}, "hello", nil, 200, ""},
		{"a PUT of all that was signed", ports.Upload{Size: sized(5), ContentType: "text/plain", SHA256: hello[:], IfAbsent: true}, "hello", nil, 200, ""},
		{"an empty body where none was signed", ports.Upload{Size: sized(0)}, "", nil, 200, ""},
		{"a body where an empty one was signed", ports.Upload{Size: sized(0)}, "h", nil, 400, "size_mismatch"},
		{"a shorter body", ports.Upload{Size: sized(6)}, "hello", nil, 400, "size_mismatch"},
		{"a longer body", ports.Upload{Size: sized(4)}, "hello", nil, 400, "size_mismatch"},
		{"a body without a length", ports.Upload{Size: sized(5)}, "hello", func(r *http.Request) { r.ContentLength = -1 }, 411, "length_required"},
		{"a body without a length where none was signed", ports.Upload{}, "hello", func(r *http.Request) { r.ContentLength = -1 }, 411, "length_required"},
		{"a body that breaks off", ports.Upload{Size: sized(5)}, "hello", cut, 400, "body_incomplete"},
		{"a body with another checksum", ports.Upload{Size: sized(5), SHA256: hello[:]}, "jello", nil, 400, "checksum_mismatch"},
		{"another type", ports.Upload{ContentType: "text/plain"}, "hello", func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, 400, "content_type_mismatch"},
		{"no type", ports.Upload{ContentType: "text/plain"}, "hello", func(r *http.Request) { r.Header.Del("Content-Type") }, 400, "content_type_mismatch"},
		{"the type and another", ports.Upload{ContentType: "text/plain"}, "hello", func(r *http.Request) { r.Header.Add("Content-Type", "text/html") }, 400, "content_type_mismatch"},
		{"no If-None-Match where it was signed", ports.Upload{IfAbsent: true}, "hello", func(r *http.Request) { r.Header.Del("If-None-Match") }, 400, "if_none_match_required"},
	} {
		t.Run(fmt.Sprintf("%s is answered with %d %s", test.name, test.status, test.code), func(t *testing.T) {
			s, key := newSite(t, base), keyOf(t, "acme/a.txt")
			test.upload.TTL = time.Minute
			var changes []func(*http.Request)
			if test.change != nil {
				changes = append(changes, test.change)
			}
			got := s.send(s.signer.Upload(key, test.upload), test.body, changes...)
			mustAnswer(t, got, test.status, test.code)
			if held := s.store.content(key); test.status != 200 && held != "" || test.status == 200 && held != test.body {
				t.Errorf("it holds %q", held)
			}
		})
	}
	for _, test := range []struct {
		name, header, value string
		upload              ports.Upload
		status              int
		code                string
	}{
		{"a condition on an ETag's absence", "If-None-Match", `"abc"`, anyUpload, 501, "header_not_implemented"},
		{"a condition on a time", "If-Unmodified-Since", "Sun, 01 Mar 2026 12:00:00 GMT", anyUpload, 501, "header_not_implemented"},
		{"a condition on another time", "If-Modified-Since", "Sun, 01 Mar 2026 12:00:00 GMT", anyUpload, 501, "header_not_implemented"},
		{"a part of an object", "Content-Range", "bytes 0-4/10", anyUpload, 501, "header_not_implemented"},
		{"chunks of the SDK's", "Content-Encoding", "gzip, AWS-chunked", anyUpload, 501, "header_not_implemented"},
		{"a malformed digest", "Content-MD5", "abc", anyUpload, 400, "digest_invalid"},
		{"the digest of the body", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", anyUpload, 200, ""},
		{"another digest", "Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==", anyUpload, 400, "checksum_mismatch"},
		{"a header that no answer can have", "Cache-Control", "caf\u00e9", anyUpload, 400, "header_invalid"},
		{"a type that no answer can have", "Content-Type", "text/\xff", anyUpload, 400, "header_invalid"},
		{"too much to keep", "Cache-Control", strings.Repeat("x", 9<<10), anyUpload, 400, "headers_too_large"},
		{"a copy of another object", "X-Amz-Copy-Source", "bucket/victim/file", anyUpload, 403, "header_not_signed"},
		{"the signed checksum", "X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(hello[:]), ports.Upload{SHA256: hello[:], TTL: time.Minute}, 200, ""},
		{"another checksum", "X-Amz-Checksum-Sha256", "abc", ports.Upload{SHA256: hello[:], TTL: time.Minute}, 403, "header_not_signed"},
		{"a checksum that was not signed", "X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(hello[:]), anyUpload, 403, "header_not_signed"},
		{"a part that a PUT has none of", "Range", "bytes=0-1", anyUpload, 200, ""},
		{"more than is allowed", "X-Test", "", ports.Upload{MaxSize: 4, TTL: time.Minute}, 413, "too_large"},
	} {
		t.Run(fmt.Sprintf("%s is answered with %d %s", test.name, test.status, test.code), func(t *testing.T) {
			s, key := newSite(t, base), keyOf(t, "acme/a.txt")
			mustAnswer(t, s.send(s.signer.Upload(key, test.upload), "hello", setHeader(test.header, test.value)), test.status, test.code)
		})
	}
	t.Run("a header that is kept once is sent once", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		got := s.send(s.signer.Upload(key, anyUpload), "hello", func(r *http.Request) { r.Header["Content-Type"] = []string{"text/plain", "text/html"} })
		mustAnswer(t, got, 400, "header_repeated")
	})
	t.Run("an upload may name one ETag of several, without its quotes, or any", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "hello", setHeader("If-Match", "*")), 404, "not_found")
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "hello"), 200, "")
		const etag = "5d41402abc4b2a76b9719d911017c592" // of hello
		for value, status := range map[string]int{etag: 200, `"` + etag + `"`: 200, `"x", "` + etag + `"`: 200, "*": 200, `W/"` + etag + `"`: 412, `"x"`: 412, "": 412} {
			mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "hello", setHeader("If-Match", value)), status, "")
		}
		both := func(r *http.Request) { r.Header.Set("If-Match", etag); r.Header.Set("If-None-Match", "*") }
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "hello", both), 501, "header_not_implemented")
	})
	t.Run("If-None-Match is honoured if it was not signed", func(t *testing.T) {
		s, key := newSite(t, base), keyOf(t, "acme/a.txt")
		mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "first"), 200, "")
		got := s.send(s.signer.Upload(key, anyUpload), "second", func(r *http.Request) { r.Header.Set("If-None-Match", "*") })
		mustAnswer(t, got, 412, "conflict")
		if held := s.store.content(key); held != "first" {
			t.Errorf("it holds %q", held)
		}
	})
	t.Run("the headers are all that the client must send", func(t *testing.T) {
		s := newSite(t, base)
		signed := s.signer.Upload(keyOf(t, "acme/a.txt"), ports.Upload{Size: sized(5), ContentType: "text/plain", SHA256: hello[:], IfAbsent: true, TTL: time.Minute})
		want := map[string]string{"Content-Length": "5", "Content-Type": "text/plain", "If-None-Match": "*"}
		if fmt.Sprint(signed.Headers) != fmt.Sprint(want) {
			t.Errorf("got %v", signed.Headers)
		}
	})
}

func setHeader(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// cut ends the body two bytes early, as a lost connection does.
func cut(r *http.Request) {
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("hel"), brokenReader{}))
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestDownloads(t *testing.T) {
	s, key := newSite(t, base), keyOf(t, "acme/a.html")
	put := s.send(s.signer.Upload(key, ports.Upload{ContentType: "text/html", TTL: time.Minute}), "<p>hello")
	etag := put.Header().Get("ETag")

	t.Run("the type is the stored one, and a browser is kept from running it", func(t *testing.T) {
		got := s.send(s.signer.Download(key, anyDownload), "")
		mustAnswer(t, got, 200, "")
		for name, want := range map[string]string{
			"Content-Type":            "text/html",
			"Content-Length":          "8",
			"X-Content-Type-Options":  "nosniff",
			"Content-Security-Policy": "sandbox; default-src 'none'",
			"Cache-Control":           "private, no-store",
			"Content-Disposition":     "",
			"Etag":                    etag,
			"Last-Modified":           "Sun, 01 Mar 2026 12:00:00 GMT",
		} {
			if h := got.Header().Get(name); h != want {
				t.Errorf("%s is %q, want %q", name, h, want)
			}
		}
	})
	t.Run("type and disposition are the signed ones", func(t *testing.T) {
		got := s.send(s.signer.Download(key, ports.Download{Disposition: `attachment; filename="a.html"`, ContentType: "text/plain", TTL: time.Minute}), "")
		if d, c := got.Header().Get("Content-Disposition"), got.Header().Get("Content-Type"); d != `attachment; filename="a.html"` || c != "text/plain" {
			t.Errorf("got %q, %q", d, c)
		}
	})
	t.Run("an object without a type is bytes", func(t *testing.T) {
		plain := keyOf(t, "acme/plain")
		s.send(s.signer.Upload(plain, anyUpload), "<p>")
		if got := s.send(s.signer.Download(plain, anyDownload), "").Header().Get("Content-Type"); got != "application/octet-stream" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a URL to read does not permit HEAD, as on S3", func(t *testing.T) {
		mustAnswer(t, s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Method = http.MethodHead }), 403, "signature_invalid")
	})
	t.Run("several parts at once are the whole, as on S3", func(t *testing.T) {
		got := s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Header.Set("Range", "bytes=0-1,3-4") })
		mustAnswer(t, got, 200, "")
	})
	t.Run("a condition that fails is a problem document", func(t *testing.T) {
		got := s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Header.Set("If-Match", `"other"`) })
		mustAnswer(t, got, 412, "precondition_failed")
	})
	t.Run("an x-amz- header is refused, except for CloudFront's ID", func(t *testing.T) {
		mustAnswer(t, s.send(s.signer.Download(key, anyDownload), "", setHeader("X-Amz-Server-Side-Encryption-Customer-Key", "x")), 403, "header_not_signed")
		mustAnswer(t, s.send(s.signer.Download(key, anyDownload), "", setHeader("X-Amz-Cf-Id", "x")), 200, "")
		mustAnswer(t, s.send(s.signer.Download(key, anyDownload), "", setHeader("X-Amzn-Trace-Id", "x")), 200, "")
	})
	t.Run("content that the client has is not sent again", func(t *testing.T) {
		got := s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Header.Set("If-None-Match", etag) })
		if got.Code != http.StatusNotModified {
			t.Errorf("got %d", got.Code)
		}
	})
	t.Run("a part is sent if the object is still the same", func(t *testing.T) {
		part := func(tag string) int {
			return s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) {
				r.Header.Set("Range", "bytes=3-")
				r.Header.Set("If-Range", tag)
			}).Code
		}
		if same, other := part(etag), part(`"other"`); same != http.StatusPartialContent || other != http.StatusOK {
			t.Errorf("got %d and %d", same, other)
		}
	})
	t.Run("a part beyond the end is refused", func(t *testing.T) {
		for _, unknown := range []string{"lines=1-2", "bytes", "nonsense"} {
			got := s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Header.Set("Range", unknown) })
			mustAnswer(t, got, 200, "")
		}
		got := s.send(s.signer.Download(key, anyDownload), "", func(r *http.Request) { r.Header.Set("Range", "bytes=99-") })
		mustAnswer(t, got, http.StatusRequestedRangeNotSatisfiable, "range_not_satisfiable")
		if size := got.Header().Get("Content-Range"); size != "bytes */8" {
			t.Errorf("Content-Range is %q", size)
		}
	})
	for name, c := range map[string]struct {
		disposition, contentType, policy string
	}{
		"sound that is shown":          {"inline; filename=a.mp3", "audio/mpeg", "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"},
		"film that is shown":           {"inline; filename=a.mp4", "video/mp4", "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"},
		"film that is saved":           {"attachment; filename=a.mp4", "video/mp4", "sandbox; default-src 'none'"},
		"a page that is shown":         {"inline; filename=a.html", "text/html", "sandbox; default-src 'none'"},
		"a picture that is shown":      {"inline; filename=a.png", "image/png", "sandbox; default-src 'none'"},
		"a file without a signed type": {"inline", "", "sandbox; default-src 'none'"},
	} {
		t.Run("a tab plays sound and film and runs no script: "+name, func(t *testing.T) {
			film := keyOf(t, "acme/film")
			s.send(s.signer.Upload(film, ports.Upload{ContentType: "video/mp4", TTL: time.Minute}), "film")
			got := s.send(s.signer.Download(film, ports.Download{Disposition: c.disposition, ContentType: c.contentType, TTL: time.Minute}), "")
			if policy := got.Header().Get("Content-Security-Policy"); policy != c.policy {
				t.Errorf("got %q", policy)
			}
		})
	}
	t.Run("an absent object is 404", func(t *testing.T) {
		mustAnswer(t, s.send(s.signer.Download(keyOf(t, "acme/absent"), anyDownload), ""), 404, "not_found")
	})
}

func TestErrorsOfTheStore(t *testing.T) {
	for err, status := range map[error]int{
		domain.NewError(domain.CodeObjectStoreUnavailable).WithCause(syscall.EIO):              503,
		domain.NewError(domain.CodeObjectStoreFull).WithCause(syscall.ENOSPC):                  507,
		domain.Errorf(domain.Internal, "secret message").WithCause(errors.New("secret cause")): 500,
		context.Canceled:           503,
		errors.New("secret cause"): 500,
	} {
		t.Run(fmt.Sprintf("%v is answered with %d, without its cause", err, status), func(t *testing.T) {
			s, key := newSite(t, base), keyOf(t, "acme/a.txt")
			s.store.broken = err
			for _, got := range []int{s.send(s.signer.Upload(key, anyUpload), "x").Code, s.send(s.signer.Download(key, anyDownload), "").Code} {
				if got != status {
					t.Errorf("got %d", got)
				}
			}
			if body := s.send(s.signer.Download(key, anyDownload), "").Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "device") {
				t.Errorf("it reveals %s", body)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	t.Run("a refusal is a problem document with the request's ID", func(t *testing.T) {
		s := newSite(t, base)
		signed := s.signer.Download(keyOf(t, "acme/a.txt"), anyDownload)
		s.clock.Time = noon.Add(time.Hour)
		handler := s.Handler
		s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-ID", "r-1")
			handler.ServeHTTP(w, r)
		})
		got := s.send(signed, "")
		const want = `{"type":"about:blank","title":"Forbidden","status":403,"detail":"this URL has expired; ask for a new one",` +
			`"code":"url_expired","message":"this URL has expired; ask for a new one","requestId":"r-1"}`
		if body := strings.TrimSpace(got.Body.String()); body != want || got.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("got %s as %s", body, got.Header().Get("Content-Type"))
		}
	})
	t.Run("any other method is refused", func(t *testing.T) {
		s := newSite(t, base)
		got := s.send(s.signer.Upload(keyOf(t, "acme/a.txt"), anyUpload), "", func(r *http.Request) { r.Method = http.MethodDelete })
		mustAnswer(t, got, 405, "method_not_allowed")
		if allow := got.Header().Get("Allow"); allow != "GET, PUT" {
			t.Errorf("Allow is %q", allow)
		}
	})
}

func TestMounting(t *testing.T) {
	for _, test := range []struct{ name, base, strip string }{
		{"at the base's path", base, ""},
		{"at a base without a slash at its end", strings.TrimSuffix(base, "/"), ""},
		{"at the root", "http://files.example.com", ""},
		{"below a path that is stripped", "http://localhost:3000/pw/local/objects/", "/pw"},
		{"with all of its path stripped", base, "/local/objects/"},
	} {
		t.Run("a URL works "+test.name, func(t *testing.T) {
			s, key := newSite(t, test.base), keyOf(t, "acme/local/objects/a b%2Fc.txt")
			s.Handler = http.StripPrefix(test.strip, s.Handler)
			mustAnswer(t, s.send(s.signer.Upload(key, anyUpload), "hello"), 200, "")
			if got := s.send(s.signer.Download(key, anyDownload), "").Body.String(); got != "hello" {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("a signer needs a real secret", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("it was created")
			}
		}()
		signedurl.New(make([]byte, 31), &url.URL{}, time.Now)
	})
}

func mustAnswer(t *testing.T, got interface {
	Result() *http.Response
}, status int, code string) {
	t.Helper()
	resp := got.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("got %d %s, want %d", resp.StatusCode, body, status)
	}
	if code == "" {
		return
	}
	var problem struct{ Code string }
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&problem); err != nil || problem.Code != code {
		t.Errorf("got %s, want code %q", body, code)
	}
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
