package s3

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/partywall-go/partywall/domain"
)

var (
	frankfurt = endpoint{scheme: "https", host: "files.s3.eu-central-1.amazonaws.com", path: "/", region: "eu-central-1", service: "s3"}
	someCreds = aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
)

// The example of "Authenticating Requests: Using Query Parameters (AWS Signature
// Version 4)" in the Amazon S3 API Reference.
func TestPresignDocumentedExample(t *testing.T) {
	p := presigner{endpoint: endpoint{scheme: "https", host: "examplebucket.s3.amazonaws.com", path: "/", region: "us-east-1", service: "s3"}}
	creds := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	got := p.presign(creds, time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC), 24*time.Hour, request{method: http.MethodGet, object: "test.txt"})
	const want = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z" +
		"&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	if got != want {
		t.Errorf("got %s", got)
	}
}

// FuzzPresign compares the presigner with the SDK's, and the key in the URL
// with the key of the request.
func FuzzPresign(f *testing.F) {
	f.Add("a b+c%2F&=?#~*'().txt", int64(5), "text/plain;  charset=utf-8", `attachment; filename="a b.txt"`, "FwoGZXIvYXdzE+/=", int64(1_790_000_000))
	f.Add("日本語/🥐", int64(-1), "", "", "", int64(0))
	f.Add("%", int64(1), "a/b", "inline", "", int64(86_399))
	f.Fuzz(func(t *testing.T, filename string, size int64, contentType, disposition, token string, unix int64) {
		key, err := domain.NewObjectKey(must(domain.ParseTenantID("acme")), filename)
		at := time.Unix(unix, 0).UTC()
		if err != nil || size == 0 || size < -1 || at.Year() < 2000 || at.Year() > 9999 {
			return // the SDK signs no size of 0
		}
		r := request{method: http.MethodPut, object: key.String(), query: []param{{"response-content-disposition", disposition}}}
		if contentType = strings.TrimSpace(contentType); contentType != "" && isASCII(contentType) {
			r.headers = append(r.headers, param{"content-type", contentType})
		}
		if size >= 0 {
			r.headers = append(r.headers, param{"content-length", strconv.FormatInt(size, 10)})
		}
		creds := someCreds
		creds.SessionToken = token
		p := presigner{endpoint: frankfurt}
		got := p.presign(creds, at, time.Minute, r)
		if want := signedBySDK(t, creds, at, r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if u, err := url.Parse(got); err != nil || u.Path != "/"+key.String() {
			t.Errorf("%q became %q, %v", key, u.Path, err)
		}
	})
}

// signedBySDK returns the URL that the SDK's presigner creates for r.
func signedBySDK(t *testing.T, creds aws.Credentials, at time.Time, r request) string {
	t.Helper()
	query := url.Values{"X-Amz-Expires": {"60"}}
	for _, q := range r.query {
		if q.value != "" {
			query.Set(q.name, q.value)
		}
	}
	req := &http.Request{Method: r.method, Header: http.Header{}, URL: &url.URL{
		Scheme: frankfurt.scheme, Host: frankfurt.host, Path: "/" + r.object, RawPath: "/" + string(appendEscaped(nil, r.object, true)), RawQuery: query.Encode(),
	}}
	for _, h := range r.headers {
		if h.name == "content-length" {
			req.ContentLength = must(strconv.ParseInt(h.value, 10, 64))
			continue
		}
		req.Header.Set(h.name, h.value)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	signed, _, err := signer.PresignHTTP(t.Context(), creds, req, "UNSIGNED-PAYLOAD", frankfurt.service, frankfurt.region, at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestPresignConcurrently(t *testing.T) {
	const signers, urls = 8, 100
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	shared := presigner{endpoint: frankfurt}
	var wait sync.WaitGroup
	for signer := range signers {
		wait.Go(func() {
			for i := range urls {
				r := request{method: http.MethodPut, object: fmt.Sprintf("acme/%d/%d.txt", signer, i)}
				alone := presigner{endpoint: frankfurt}
				if got, want := shared.presign(someCreds, at, time.Minute, r), alone.presign(someCreds, at, time.Minute, r); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
	wait.Wait()
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func TestSigningKey(t *testing.T) {
	t.Run("another day, another secret and another ID are signed by another key", func(t *testing.T) {
		const first, second = "20260101", "20260102"
		p := presigner{endpoint: frankfurt}
		var keys []*signingKey
		var signatures []string
		for _, k := range [][3]string{{"id", "one", first}, {"id", "one", second}, {"id", "two", second}, {"other", "two", second}, {"id", "one", first}} {
			key := p.signingKey(aws.Credentials{AccessKeyID: k[0], SecretAccessKey: k[1]}, []byte(k[2]))
			if again := p.signingKey(aws.Credentials{AccessKeyID: k[0], SecretAccessKey: k[1]}, []byte(k[2])); again != key {
				t.Errorf("the key of %v is derived twice", k)
			}
			if want := k[0] + "%2F" + k[2] + "%2Feu-central-1%2Fs3%2Faws4_request"; key.credential != want {
				t.Errorf("the credential is %s, want %s", key.credential, want)
			}
			keys = append(keys, key)
			signatures = append(signatures, string(key.appendSignature(nil, []byte(k[2]+"T000000Z"), make([]byte, 32))))
		}
		if signatures[0] != signatures[4] || signatures[0] == signatures[1] || signatures[1] == signatures[2] || keys[2] == keys[3] {
			t.Errorf("got %v", signatures)
		}
	})
}
