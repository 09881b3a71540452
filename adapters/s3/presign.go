package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// presigner signs requests to one bucket in their query, as described in
// "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in
// the Amazon S3 API Reference.
//
// The SDK's presigner is not suitable because it leaves a Content-Length of 0 unsigned,
// so an empty upload could get another size. For all other requests both return the same
// URL, byte for byte, which a test checks.
type presigner struct {
	endpoint
	lastKey atomic.Pointer[signingKey]
}

// request is a request to sign.
type request struct {
	method  string
	object  string  // the key, unescaped
	headers []param // names in lower case; without host
	query   []param // sorted; names that come after X-Amz-...
	guarded bool    // sign the guard as an empty header
}

// param is a header or a query parameter. A query omits parameters without a value.
type param struct{ name, value string }

// guard is the header that lets a PUT copy another object. Amazon S3 refuses it if
// it is not signed; MinIO obeys it.
//
// A guarded URL contains it as a parameter without a value and signs it as an
// empty header. If a request lacks a signed header, MinIO reads it from the query.
// So a plain PUT succeeds, and a PUT that adds the header breaks the signature.
const guard = "x-amz-copy-source"

const (
	algorithm = "AWS4-HMAC-SHA256"
	timestamp = "20060102T150405Z"
	dayLen    = len("20060102")
)

// presign returns r's URL, which is valid for life, in whole seconds, from at on.
func (p *presigner) presign(creds aws.Credentials, at time.Time, life time.Duration, r request) string {
	now := at.Format(timestamp)
	day := now[:dayLen]
	scope := day + "/" + p.region + "/" + p.service + "/aws4_request"
	if r.guarded {
		r.headers = append(r.headers, param{name: guard})
	}
	headers, headerNames := p.canonicalHeaders(r.headers)

	url := append(make([]byte, 0, 1024), p.scheme+"://"+p.host...)
	start := len(url)
	url = appendEscaped(append(url, p.path...), r.object, true)
	path := url[start:]
	url = append(url, '?')
	start = len(url)
	url = appendQuery(url, append([]param{
		{"X-Amz-Algorithm", algorithm},
		{"X-Amz-Credential", creds.AccessKeyID + "/" + scope},
		{"X-Amz-Date", now},
		{"X-Amz-Expires", strconv.FormatInt(int64(life/time.Second), 10)},
		{"X-Amz-Security-Token", creds.SessionToken},
		{"X-Amz-SignedHeaders", headerNames},
	}, r.query...))
	if r.guarded {
		url = append(url, "&"+guard+"="...)
	}
	query := url[start:]

	canonical := appendLine(make([]byte, 0, 1024), r.method)
	canonical = appendLine(canonical, path)
	canonical = appendLine(canonical, query)
	canonical = appendLine(canonical, headers)
	canonical = appendLine(canonical, headerNames)
	sum := sha256.Sum256(append(canonical, "UNSIGNED-PAYLOAD"...))

	toSign := appendLine(make([]byte, 0, 192), algorithm)
	toSign = appendLine(toSign, now)
	toSign = appendLine(toSign, scope)
	toSign = hex.AppendEncode(toSign, sum[:])
	url = append(url, "&X-Amz-Signature="...)
	return string(hex.AppendEncode(url, p.signingKey(creds.SecretAccessKey, day).mac(toSign)))
}

func appendLine[T string | []byte](b []byte, line T) []byte { return append(append(b, line...), '\n') }

// canonicalHeaders returns headers and host in canonical form, and their names in the
// order of the signature.
func (p *presigner) canonicalHeaders(headers []param) (lines, names string) {
	headers = append(headers, param{"host", p.host})
	slices.SortFunc(headers, func(a, b param) int { return strings.Compare(a.name, b.name) })
	allLines, allNames := make([]byte, 0, 512), make([]byte, 0, 128)
	for i, h := range headers {
		if i > 0 {
			allNames = append(allNames, ';')
		}
		allNames = append(allNames, h.name...)
		allLines = appendLine(append(append(allLines, h.name...), ':'), collapse(h.value))
	}
	return string(allLines), string(allNames)
}

// collapse replaces each run of spaces by one space.
func collapse(value string) string {
	if !strings.Contains(value, "  ") {
		return value
	}
	return strings.Join(strings.Fields(value), " ")
}

// signingKey is a derived key, which is valid for a day. It keeps its HMACs for the next
// signatures, because a new one hashes the key again.
type signingKey struct {
	secret, day string
	hmacs       sync.Pool // of hash.Hash
}

// mac returns the HMAC of text. It is safe for concurrent use.
func (k *signingKey) mac(text []byte) []byte {
	h := k.hmacs.Get().(hash.Hash)
	defer k.hmacs.Put(h)
	h.Reset()
	h.Write(text)
	return h.Sum(nil)
}

func (p *presigner) signingKey(secret, day string) *signingKey {
	if last := p.lastKey.Load(); last != nil && last.day == day && last.secret == secret {
		return last
	}
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{day, p.region, p.service, "aws4_request"} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(part))
		key = h.Sum(nil)
	}
	derived := &signingKey{secret: secret, day: day, hmacs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
	p.lastKey.Store(derived)
	return derived
}
