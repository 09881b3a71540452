package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// presigner signs requests to one bucket in their query, as told by
// "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)" in
// the Amazon S3 API Reference.
//
// The SDK's own can't serve: it leaves a Content-Length of 0 unsigned, and with
// it the promise that an empty file stays empty. Every other request both sign
// alike, to the byte; a test holds them to that.
type presigner struct {
	endpoint
	lastKey atomic.Pointer[signingKey]
}

// request is what is to be signed.
type request struct {
	method  string
	object  string  // the key, unescaped
	headers []param // names in lower case; without host
	query   []param // sorted; names that come after X-Amz-...
	guarded bool    // sign the guard as an empty header
}

// param is a header or a query parameter. One without a value is left out of a query.
type param struct{ name, value string }

// guard is the header with which a PUT reaches another object than its own.
// Amazon S3 refuses it where it isn't signed; MinIO obeys it.
//
// A guarded URL carries it as a parameter without a value and signs it as an
// empty header. MinIO reads a signed header from the query where a request has
// none, so a plain PUT works, and a PUT that adds the header breaks the signature.
const guard = "x-amz-copy-source"

const (
	algorithm = "AWS4-HMAC-SHA256"
	timestamp = "20060102T150405Z"
	dayLen    = len("20060102")
)

// presign returns r's URL, which is good for life, in whole seconds, from at on.
func (p *presigner) presign(creds aws.Credentials, at time.Time, life time.Duration, r request) string {
	now := at.Format(timestamp)
	day := now[:dayLen]
	scope := day + "/" + p.region + "/" + p.service + "/aws4_request"
	if r.guarded {
		r.headers = append(r.headers, param{name: guard})
	}
	headers, headerNames := p.canonicalHeaders(r.headers)
	path := p.path + escapePath(r.object)
	query := encode(append([]param{
		{"X-Amz-Algorithm", algorithm},
		{"X-Amz-Credential", creds.AccessKeyID + "/" + scope},
		{"X-Amz-Date", now},
		{"X-Amz-Expires", strconv.FormatInt(int64(life/time.Second), 10)},
		{"X-Amz-Security-Token", creds.SessionToken},
		{"X-Amz-SignedHeaders", headerNames},
	}, r.query...))
	if r.guarded {
		query += "&" + guard + "="
	}
	canonical := make([]byte, 0, 1024)
	for _, part := range [...]string{r.method, path, query, headers, headerNames} {
		canonical = append(append(canonical, part...), '\n')
	}
	sum := sha256.Sum256(append(canonical, "UNSIGNED-PAYLOAD"...))
	toSign := algorithm + "\n" + now + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	signature := mac(p.signingKey(creds.SecretAccessKey, day), toSign)
	return p.scheme + "://" + p.host + path + "?" + query + "&X-Amz-Signature=" + hex.EncodeToString(signature)
}

// canonicalHeaders returns headers and host in the signature's form, and their
// names in its order.
func (p *presigner) canonicalHeaders(headers []param) (lines, names string) {
	headers = append(headers, param{"host", p.host})
	slices.SortFunc(headers, func(a, b param) int { return strings.Compare(a.name, b.name) })
	for i, h := range headers {
		if i > 0 {
			names += ";"
		}
		names += h.name
		lines += h.name + ":" + collapse(h.value) + "\n"
	}
	return lines, names
}

// collapse makes one space of several.
func collapse(value string) string {
	if !strings.Contains(value, "  ") {
		return value
	}
	return strings.Join(strings.Fields(value), " ")
}

// signingKey is a derived key, which is good for a day.
type signingKey struct {
	secret, day string
	key         []byte
}

func (p *presigner) signingKey(secret, day string) []byte {
	if last := p.lastKey.Load(); last != nil && last.day == day && last.secret == secret {
		return last.key
	}
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{day, p.region, p.service, "aws4_request"} {
		key = mac(key, part)
	}
	p.lastKey.Store(&signingKey{secret, day, key})
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
