package s3_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
)

// lenient is a proxy in front of a real server. It verifies signed URLs as MinIO does (a
// signed header may be in the query, an unsigned one is ignored), and lets the server
// execute the requests. Each field that is set allows something else.
type lenient struct {
	real *realservers.ObjectServer
	rest http.Handler

	copies        bool // obeys an unsigned x-amz-copy-source
	copiesTo400   bool // refuses it with 400, as it does metadata, and no other header
	refusesAll400 bool // refuses every unsigned x-amz- header with 400
	unpacks       bool // obeys an unsigned x-amz-meta-snowball-auto-extract
	unguardable   bool // refuses a signed header in the query
	forged        bool // does not verify signatures
	public        bool // needs no signature
	anyKey        bool // omits the key from the signature
	anyMethod     bool // omits the method from the signature
	anyQuery      bool // omits foreign parameters from the signature
	decodesTwice  bool
	everlasting   bool         // ignores the expiry
	anySize       bool         // omits the size from the signature
	anyType       bool         // omits the type from the signature
	anySum        bool         // stores content with another checksum
	replaces      bool         // ignores If-None-Match
	broken        *atomic.Bool // answers 500
}

// start serves l on loopback, and returns a configuration with its address.
func (l lenient) start(t testing.TB, behind *realservers.ObjectServer) s3.Config {
	t.Helper()
	l.real = behind
	to, err := url.Parse(behind.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l.rest = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		r.SetURL(to)
		r.Out.Host = host // it is signed
	}}
	server := httptest.NewServer(&l)
	t.Cleanup(server.Close)
	cfg := configOf(behind)
	cfg.AWS.BaseEndpoint = &server.URL
	return cfg
}

func (l *lenient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signed := r.URL.Query().Has("X-Amz-Signature")
	switch {
	case signed && l.broken != nil && l.broken.Load():
		w.WriteHeader(http.StatusInternalServerError)
	case signed && (!l.forged && !l.signed(r) || !l.everlasting && l.late(r)):
		w.WriteHeader(http.StatusForbidden)
	case signed, l.public && r.Header.Get("Authorization") == "":
		l.do(w, r)
	default:
		l.rest.ServeHTTP(w, r)
	}
}

func (l *lenient) late(r *http.Request) bool {
	at, err := time.Parse("20060102T150405Z", r.URL.Query().Get("X-Amz-Date"))
	return err != nil || time.Since(at) > 15*time.Minute
}

// signed computes the signature of r over the parts that r declares as signed.
func (l *lenient) signed(r *http.Request) bool {
	query := r.URL.Query()
	given := query.Get("X-Amz-Signature")
	query.Del("X-Amz-Signature")
	paths, methods, queries := []string{r.URL.EscapedPath()}, []string{r.Method}, []string{query.Encode()}
	if l.anyKey {
		folder := r.URL.EscapedPath()[:strings.LastIndex(r.URL.EscapedPath(), "/")+1]
		paths = append(paths, folder+"mine", folder+"source")
	}
	if l.anyMethod {
		methods = append(methods, http.MethodGet)
	}
	if l.anyQuery {
		for name := range query {
			if !strings.HasPrefix(name, "X-Amz-") {
				query.Del(name)
			}
		}
		queries = append(queries, query.Encode())
	}
	headers, ok := l.canonicalHeaders(r, query)
	if !ok {
		return false
	}
	for _, header := range headers {
		for _, path := range paths {
			for _, method := range methods {
				for _, query := range queries {
					if l.signature(r.URL.Query(), method, path, query, header) == given {
						return true
					}
				}
			}
		}
	}
	return false
}

// canonicalHeaders returns the possible forms of the signed headers.
func (l *lenient) canonicalHeaders(r *http.Request, query url.Values) ([]string, bool) {
	names := r.URL.Query().Get("X-Amz-SignedHeaders")
	forms := []string{""}
	for name := range strings.SplitSeq(names, ";") {
		values, ok := r.Header[http.CanonicalHeaderKey(name)]
		if !ok && !l.unguardable {
			values, ok = query[name]
		}
		value := []string{strings.Join(values, ",")}
		switch {
		case name == "host":
			value = []string{r.Host}
		case name == "content-length":
			value = []string{strconv.FormatInt(r.ContentLength, 10)}
			if l.anySize {
				value = append(value, "5")
			}
		case name == "content-type" && l.anyType:
			value = append(value, "text/plain")
		case name == "if-none-match" && l.replaces:
			value = append(value, "*")
		case !ok:
			return nil, false
		}
		var longer []string
		for _, form := range forms {
			for _, v := range value {
				longer = append(longer, form+name+":"+strings.TrimSpace(v)+"\n")
			}
		}
		forms = longer
	}
	for i := range forms {
		forms[i] += "\n" + names
	}
	return forms, true
}

func (l *lenient) signature(query url.Values, method, path, canonicalQuery, headers string) string {
	credential := strings.SplitN(query.Get("X-Amz-Credential"), "/", 2)
	if len(credential) != 2 {
		return "none"
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{method, path, strings.ReplaceAll(canonicalQuery, "+", "%20"), headers, "UNSIGNED-PAYLOAD"}, "\n")))
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", query.Get("X-Amz-Date"), credential[1], hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + l.real.SecretKey)
	for _, part := range append(strings.Split(credential[1], "/"), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// do executes r as the server's owner.
func (l *lenient) do(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	key := strings.TrimPrefix(r.URL.Path, "/"+l.real.Bucket+"/")
	if l.decodesTwice {
		if decoded, err := url.PathUnescape(key); err == nil {
			key = cleanKey(decoded)
		}
	}
	w.WriteHeader(l.act(r.Context(), w, r, key, body))
}

func cleanKey(key string) string {
	u := url.URL{Path: "/"}
	return strings.TrimPrefix(u.JoinPath(key).Path, "/")
}

func (l *lenient) act(ctx context.Context, w http.ResponseWriter, r *http.Request, key string, body []byte) int {
	client := l.real.Client()
	bucket := &l.real.Bucket
	switch r.Method {
	case http.MethodGet:
		_, err := client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: bucket, Key: &key})
		return statusOr(err, http.StatusOK)
	case http.MethodDelete:
		_, err := client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: bucket, Key: &key})
		return statusOr(err, http.StatusNoContent)
	}
	from := strings.Join(r.Header["X-Amz-Copy-Source"], "")
	switch {
	case from != "" && l.copies:
		_, err := client.CopyObject(ctx, &awss3.CopyObjectInput{Bucket: bucket, Key: &key, CopySource: &from})
		return statusOr(err, http.StatusOK)
	case l.copiesTo400 && (from != "" || r.Header.Get("X-Amz-Meta-Partywall") != ""), l.refusesAll400 && hasUnsigned(r):
		return http.StatusBadRequest
	case r.Header.Get("X-Amz-Meta-Snowball-Auto-Extract") != "" && l.unpacks:
		archive := tar.NewReader(bytes.NewReader(body))
		for entry, err := archive.Next(); err == nil; entry, err = archive.Next() {
			content, _ := io.ReadAll(archive)
			if err := put(ctx, client, bucket, entry.Name, content, ""); err != nil {
				return http.StatusInternalServerError
			}
		}
		return http.StatusOK
	}
	absent := r.Header.Get("If-None-Match")
	if l.replaces {
		absent = ""
	}
	if sum := r.Header.Get("X-Amz-Checksum-Sha256"); sum != "" && !l.anySum {
		return http.StatusBadRequest // the trials send only a wrong checksum
	}
	return statusOr(put(ctx, client, bucket, key, body, absent), http.StatusOK)
}

func hasUnsigned(r *http.Request) bool {
	signed := strings.Split(r.URL.Query().Get("X-Amz-SignedHeaders"), ";")
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return true
		}
	}
	return false
}

func put(ctx context.Context, client *awss3.Client, bucket *string, key string, content []byte, ifNoneMatch string) error {
	in := &awss3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(content)}
	if ifNoneMatch != "" {
		in.IfNoneMatch = aws.String(ifNoneMatch)
	}
	_, err := client.PutObject(ctx, in)
	return err
}

func statusOr(err error, status int) int {
	if err == nil {
		return status
	}
	if answered, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return answered.HTTPStatusCode()
	}
	return http.StatusInternalServerError
}
