package ports

import (
	"crypto/sha256"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// IdempotencyLife is how long the answer to a creating request is kept.
const IdempotencyLife = 24 * time.Hour

// Idempotency identifies a creating request, so that a repeated request creates nothing
// and gets the answer of the first. Requests are the same if By, Tenant, Route and Key
// are.
//
// A method that creates under an Idempotency promises this. Where it was used before,
// within [IdempotencyLife], for the same fingerprint, the method creates nothing, records
// no event, and returns the first answer and that it is a replay, also after what was
// created has changed. For another fingerprint the method returns
// [domain.CodeIdempotencyMismatch]. A duplicate that comes while the first request is
// being served waits for it. A failed request leaves no record: the record is stored in
// the step that creates. A record contains no secret, so a replay has none.
type Idempotency struct {
	By          domain.Actor    // a user, or the operator
	Tenant      domain.TenantID // where the request creates; zero for a request that creates a tenant
	Route       string
	Key         string
	Fingerprint [32]byte // of the request's meaning: equal in a replay
}

// maxIdempotencyKeyLen bounds a key.
const maxIdempotencyKeyLen = 255

// Of returns the request with the fingerprint of its meaning, which is the same text for
// requests that mean the same, and for no others. Without a key it returns nil, because
// each such request is new. A key has 1 to 255 visible ASCII characters; any other is a
// [domain.Invalid] error on field "idempotencyKey".
func (i Idempotency) Of(meaning string) (*Idempotency, error) {
	if i.Key == "" {
		return nil, nil
	}
	if !validIdempotencyKey(i.Key) {
		return nil, domain.Invalidf("idempotencyKey", "an idempotency key is 1 to %d visible ASCII characters", maxIdempotencyKeyLen)
	}
	i.Fingerprint = sha256.Sum256([]byte(meaning))
	return &i, nil
}

func validIdempotencyKey(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return len(key) <= maxIdempotencyKeyLen
}
