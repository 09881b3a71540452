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

// presign returns the URL of r, valid from at, a time in UTC, for life, which has whole
// seconds.
func (p *presigner) presign(creds aws.Credentials, at time.Time, life time.Duration, r request) string {
	now := at.AppendFormat(make([]byte, 0, len(timestamp)), timestamp)
	key := p.signingKey(creds, now[:dayLen])
	if r.guarded {
		r.headers = append(r.headers, param{name: guard})
	}
	r.headers = append(r.headers, param{"host", p.host})
	slices.SortFunc(r.headers, func(a, b param) int { return strings.Compare(a.name, b.name) })
	names := appendNames(make([]byte, 0, 128), r.headers)

	url := append(make([]byte, 0, 1024), p.scheme...)
	url = append(append(url, "://"...), p.host...)
	start := len(url)
	url = appendEscaped(append(url, p.path...), r.object, true)
	path := url[start:]
	url = append(url, '?')
	start = len(url)
	url = append(append(url, "X-Amz-Algorithm="+algorithm+"&X-Amz-Credential="...), key.credential...)
	url = append(append(url, "&X-Amz-Date="...), now...)
	url = strconv.AppendInt(append(url, "&X-Amz-Expires="...), int64(life/time.Second), 10)
	url = appendParam(url, "X-Amz-Security-Token", creds.SessionToken)
	url = appendEscaped(append(url, "&X-Amz-SignedHeaders="...), names, false)
	for _, q := range r.query {
		url = appendParam(url, q.name, q.value)
	}
	if r.guarded {
		url = append(url, "&"+guard+"="...)
	}
	query := url[start:]

	canonical := appendLine(make([]byte, 0, 1024), r.method)
	canonical = appendLine(canonical, path)
	canonical = appendLine(canonical, query)
	canonical = appendLine(appendHeaders(canonical, r.headers), "")
	canonical = appendLine(canonical, names)
	sum := sha256.Sum256(append(canonical, "UNSIGNED-PAYLOAD"...))
	return string(key.appendSignature(append(url, "&X-Amz-Signature="...), now, sum[:]))
}

func appendLine[T string | []byte](b []byte, line T) []byte { return append(append(b, line...), '\n') }

// appendNames appends the names of the headers, in the order of the signature.
func appendNames(b []byte, headers []param) []byte {
	for i, h := range headers {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, h.name...)
	}
	return b
}

// appendHeaders appends the headers in canonical form.
func appendHeaders(b []byte, headers []param) []byte {
	for _, h := range headers {
		b = appendLine(append(append(b, h.name...), ':'), collapse(h.value))
	}
	return b
}

// collapse replaces each run of spaces by one space.
func collapse(value string) string {
	if !strings.Contains(value, "  ") {
		return value
	}
	return strings.Join(strings.Fields(value), " ")
}

// signingKey is a derived key, which is valid for a day.
type signingKey struct {
	id, secret string // of the credentials
	day        string
	scope      string
	credential string    // id and scope, escaped
	signers    sync.Pool // of *signer
}

// signer keeps the state of a signature for the next one, because a new HMAC would hash the
// key again.
type signer struct {
	hmac      hash.Hash
	text, sum []byte
}

func (p *presigner) signingKey(creds aws.Credentials, day []byte) *signingKey {
	if last := p.lastKey.Load(); last != nil && last.day == string(day) && last.id == creds.AccessKeyID && last.secret == creds.SecretAccessKey {
		return last
	}
	derived := newSigningKey(creds, string(day), p.region, p.service)
	p.lastKey.Store(derived)
	return derived
}

func newSigningKey(creds aws.Credentials, day, region, service string) *signingKey {
	const last = "aws4_request"
	secret := []byte("AWS4" + creds.SecretAccessKey)
	for _, part := range [...]string{day, region, service, last} {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(part))
		secret = h.Sum(nil)
	}
	scope := strings.Join([]string{day, region, service, last}, "/")
	return &signingKey{
		id: creds.AccessKeyID, secret: creds.SecretAccessKey, day: day, scope: scope,
		credential: string(appendEscaped(nil, creds.AccessKeyID+"/"+scope, false)),
		signers:    sync.Pool{New: func() any { return &signer{hmac: hmac.New(sha256.New, secret)} }},
	}
}

// appendSignature appends the signature of a canonical request of that time, whose hash is
// given. It is safe for concurrent use.
func (k *signingKey) appendSignature(b, now, request []byte) []byte {
	s := k.signers.Get().(*signer)
	defer k.signers.Put(s)
	s.text = appendLine(s.text[:0], algorithm)
	s.text = appendLine(s.text, now)
	s.text = appendLine(s.text, k.scope)
	s.text = hex.AppendEncode(s.text, request)
	s.hmac.Reset()
	s.hmac.Write(s.text)
	s.sum = s.hmac.Sum(s.sum[:0])
	return hex.AppendEncode(b, s.sum)
}
