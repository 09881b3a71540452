package porttest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// insistOnUploads is the part of [ObjectStore] that is about what an upload gives.
func insistOnUploads(t *testing.T, open func(t *testing.T) ObjectStorage) {
	can := open(t)
	const content = "hello"
	full := ports.Upload{Size: sized(int64(len(content))), ContentType: "text/plain", SHA256: sum(content), IfAbsent: true, TTL: time.Minute}

	t.Run("everything can be signed at once", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.mustSend(t, o.signUpload(t, full), content)
		o.mustHold(t, content)
	})
	t.Run("nothing that was signed can be left out", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		signed := o.signUpload(t, full)
		for name := range signed.Headers {
			if http.CanonicalHeaderKey(name) == "Content-Length" || http.CanonicalHeaderKey(name) == "Host" {
				continue // a client cannot leave these out
			}
			o.mustRefuse(t, signed, content, func(r *http.Request) { r.Header.Del(name) })
			o.mustRefuse(t, signed, content, func(r *http.Request) { r.Header.Set(name, r.Header.Get(name)+"x") })
		}
		o.mustBeAbsent(t)
	})
	for _, size := range []int64{0, 1, int64(len(content))} {
		exact := strings.Repeat("x", int(size))
		upload := ports.Upload{Size: sized(size), TTL: time.Minute}
		t.Run("a body of another size is refused where size "+sizeName(size)+" was given", func(t *testing.T) {
			o := object{open(t), newKey(t, "file")}
			signed := o.signUpload(t, upload)
			for _, other := range []string{"", "y", "yyyy", "yyyyyy", strings.Repeat("y", 1<<16)} {
				if len(other) != int(size) {
					o.mustRefuse(t, signed, other)
				}
			}
			o.mustRefuse(t, signed, "yyyyyy", unmeasured)
			o.mustBeAbsent(t)
			o.mustSend(t, signed, exact)
			o.mustRefuse(t, signed, exact+"y")
			o.mustHold(t, exact)
		})
	}
	t.Run("a body of another type is refused", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		signed := o.signUpload(t, ports.Upload{ContentType: "image/png", TTL: time.Minute})
		o.mustRefuse(t, signed, content, header("Content-Type", "text/html"))
		o.mustBeAbsent(t)
		o.mustSend(t, signed, content)
	})
	t.Run("a body with another checksum is refused", func(t *testing.T) {
		for name, upload := range map[string]ports.Upload{
			"of a given size": {Size: sized(int64(len(content))), SHA256: sum(content), TTL: time.Minute},
			"of any size":     {SHA256: sum(content), TTL: time.Minute},
		} {
			t.Run(name, func(t *testing.T) {
				o := object{open(t), newKey(t, "file")}
				signed := o.signUpload(t, upload)
				for _, other := range []string{"jello", "", "hello, world"} {
					o.mustRefuse(t, signed, other)
				}
				o.mustBeAbsent(t)
				o.mustSend(t, signed, content)
				o.mustRefuse(t, signed, "jello")
				o.mustHold(t, content)
			})
		}
	})
	t.Run("the checksum of nothing can be given", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		signed := o.signUpload(t, ports.Upload{Size: sized(0), SHA256: sum(""), TTL: time.Minute})
		o.mustRefuse(t, signed, "x")
		o.mustSend(t, signed, "")
		o.mustHold(t, "")
	})
	runIf(t, can.has(WholeUploads), "an upload that breaks off keeps the old object", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		for _, before := range []string{"", "what was there"} {
			if before != "" {
				o.put(t, before)
			}
			req := o.request(t, o.signUpload(t, ports.Upload{Size: sized(1 << 20), TTL: time.Minute}), "")
			req.Body = io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<16)), brokenReader{}))
			req.ContentLength = 1 << 20
			if resp, err := o.Client.Do(req); err == nil {
				resp.Body.Close()
				if resp.StatusCode < 400 {
					t.Errorf("half a body was answered with %d", resp.StatusCode)
				}
			}
			time.Sleep(100 * time.Millisecond)
			if before == "" {
				o.mustBeAbsent(t)
			} else {
				o.mustHold(t, before)
			}
		}
	})
}

// keepUploadsApart is the part of [ObjectStore] that is about [ports.Upload.IfAbsent].
func keepUploadsApart(t *testing.T, open func(t *testing.T) ObjectStorage) {
	once := ports.Upload{IfAbsent: true, TTL: time.Minute}

	t.Run("an upload that must not replace succeeds once", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		first, second := o.signUpload(t, once), o.signUpload(t, once)
		o.mustSend(t, first, "first")
		o.mustRefuse(t, first, "second")
		o.mustRefuse(t, second, "second")
		o.mustHold(t, "first")
		mustDo(t, o.Store.Delete(t.Context(), o.key))
		o.mustSend(t, second, "second")
		o.mustHold(t, "second")
	})
	t.Run("an upload that must not replace spares an empty object", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "")
		o.mustRefuse(t, o.signUpload(t, once), "second")
		o.mustHold(t, "")
	})
	t.Run("of many that must not replace, sent at once, one is kept", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		requests := make([]*http.Request, racers)
		for i := range requests {
			requests[i] = o.request(t, o.signUpload(t, once), strings.Repeat(string(rune('A'+i)), 1000))
		}
		errs := race(func(i int) error { return try(o.Client, requests[i]) })
		winner := mustWinOnce(t, errs, domain.Conflict)
		o.mustHold(t, strings.Repeat(string(rune('A'+winner)), 1000))
	})
}

// try sends req. A refusal by the store is [domain.Conflict].
func try(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	switch {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 400 && resp.StatusCode < 500:
		return domain.Errorf(domain.Conflict, "%s", resp.Status)
	default:
		return errors.New(resp.Status)
	}
}

// unmeasured sends the body in chunks, without its length.
func unmeasured(r *http.Request) {
	if r.Body != nil {
		r.Body = io.NopCloser(io.MultiReader(r.Body))
		r.ContentLength = -1
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }

func sizeName(size int64) string {
	return [...]string{0: "nothing", 1: "one", 5: "five"}[size]
}
