package porttest

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is one
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// keepHeaders is the part of [ObjectStore] about the headers of a PUT
// its bytes: the store keeps it, obeys it, or refuses it.
func keepHeaders(t *testing.T, open func(t *testing.T) ObjectStorage) {
	can := open(t)
	t.Run("a GET returns the headers of a PUT", func(t *testing.T) {
		for name, value := range map[string]string{
			"Cache-Control":       "private, max-age=60",
			"Content-Disposition": `inline; filename="a.txt"`,
			"Content-Encoding":    "gzip",
			"Content-Language":    "de, en",
			"Expires":             "Thu, 01 Dec 2033 16:00:00 GMT",
		} {
			o := object{open(t), newKey(t, "file")}
			const content = "taken as it is"
			o.mustSend(t, o.signUpload(t, anyUpload), content, header(name, value))
			got := o.send(t, o.signDownload(t, anyDownload), "", header("Accept-Encoding", "identity"))
			if got.header.Get(name) != value || got.body != content || got.header.Get("Content-Length") != strconv.Itoa(len(content)) {
				t.Errorf("%s: %s became %q, with %q of %s bytes", name, value, got.header.Get(name), got.body, got.header.Get("Content-Length"))
			}
			o.put(t, content)
			if left := o.get(t, anyDownload).header.Get(name); left == value {
				t.Errorf("%s: %s outlives the object", name, left)
			}
		}
	})
	t.Run("a PUT on the condition of an ETag replaces that object alone", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.mustRefuse(t, o.signUpload(t, anyUpload), "lost", header("If-Match", `"d41d8cd98f00b204e9800998ecf8427e"`))
		o.mustBeAbsent(t)
		first := o.send(t, o.signUpload(t, anyUpload), "first").header.Get("ETag")
		o.mustSend(t, o.signUpload(t, anyUpload), "second", header("If-Match", first))
		o.mustRefuse(t, o.signUpload(t, anyUpload), "lost", header("If-Match", first))
		o.mustHold(t, "second")
	})
	t.Run("of many that replace one ETag, sent at once, one is kept", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		first := o.send(t, o.signUpload(t, anyUpload), "first").header.Get("ETag")
		requests := make([]*http.Request, racers)
		for i := range requests {
			requests[i] = o.request(t, o.signUpload(t, anyUpload), raced(i), header("If-Match", first))
		}
		o.mustHold(t, "first")
		if !can.has(AtomicReplacement) {
			return
		}
		winner := mustWinOnce(t, race(func(i int) error { return try(o.Client, requests[i]) }), domain.Conflict)
		o.mustHold(t, raced(winner))
	})
	t.Run("PUTs at once are answered with their own ETags", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		answered := make([]string, racers)
		requests := make([]*http.Request, racers)
		for i := range requests {
			requests[i] = o.request(t, o.signUpload(t, anyUpload), raced(i))
		}
		errs := race(func(i int) error {
			resp, err := o.Client.Do(requests[i])
			if err != nil {
				return err
			}
			answered[i] = resp.Header.Get("ETag")
			return resp.Body.Close()
		})
		for _, err := range errs {
			mustDo(t, err)
		}
		kept := o.get(t, anyDownload)
		seen := map[string]bool{}
		for i, etag := range answered {
			if etag == "" || seen[etag] {
				t.Fatalf("the ETag %q is another PUT's", etag)
			}
			seen[etag] = true
			if kept.body == raced(i) && kept.header.Get("ETag") != etag {
				t.Errorf("the object has the ETag %s, and its PUT was answered with %s", kept.header.Get("ETag"), etag)
			}
		}
	})
	t.Run("a body with another Content-MD5 is refused", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		sum := md5.Sum([]byte("hello")) //nolint:gosec // see above
		right := header("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
		o.mustRefuse(t, o.signUpload(t, anyUpload), "jello", right)
		o.mustRefuse(t, o.signUpload(t, anyUpload), "hello", header("Content-MD5", "hello"))
		o.mustBeAbsent(t)
		o.mustSend(t, o.signUpload(t, anyUpload), "hello", right)
		o.mustHold(t, "hello")
	})
	t.Run("an x-amz- header that was not signed is refused", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		o.put(t, "hello")
		unsigned := []string{"X-Amz-Copy-Source", "X-Amz-Meta-Colour"}
		if o.has(NoUnsignedHeaders) {
			unsigned = append(unsigned, "X-Amz-Acl", "X-Amz-Tagging", "X-Amz-Storage-Class", "X-Amz-Website-Redirect-Location", "X-Amz-Checksum-Sha256")
		}
		for _, name := range unsigned {
			o.mustRefuse(t, o.signUpload(t, anyUpload), "stolen", header(name, "bucket/"+o.key.String()))
		}
		o.mustHold(t, "hello")
	})
	runIf(t, can.has(LargestSizes), "a body larger than the largest size is refused", func(t *testing.T) {
		o := object{open(t), newKey(t, "file")}
		signed := o.signUpload(t, ports.Upload{MaxSize: 5, TTL: time.Minute})
		o.mustRefuse(t, signed, "hello!")
		o.mustRefuse(t, signed, strings.Repeat("x", 1<<16))
		o.mustRefuse(t, signed, strings.Repeat("x", 1<<16), unmeasured)
		o.mustBeAbsent(t)
		for _, content := range []string{"", "hell", "hello"} {
			o.mustSend(t, signed, content)
			o.mustHold(t, content)
		}
	})
}

// raced is the content of racer i.
func raced(i int) string { return strings.Repeat(string(rune('A'+i)), 1000) }
