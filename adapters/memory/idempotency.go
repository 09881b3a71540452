package memory

import (
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// request identifies creating requests that are the same.
type request struct {
	by         domain.Actor
	tenant     domain.TenantID
	route, key string
}

// answer is the first answer to a creating request.
type answer struct {
	fingerprint [32]byte
	tenant      domain.TenantID // that was created, or in which something was
	first       any             // without secrets
	expiresAt   time.Time
}

func requestOf(i *ports.Idempotency) request { return request{i.By, i.Tenant, i.Route, i.Key} }

// replay returns the answer that keepAnswer kept for the key, and whether it did. The
// database is locked until the request is answered, so a duplicate waits for the first.
func replay[A any](db *DB, key *ports.Idempotency, now time.Time) (first A, replayed bool, err error) {
	if key == nil {
		return first, false, nil
	}
	kept, found := db.answers[requestOf(key)]
	switch {
	case !found || !now.Before(kept.expiresAt):
		return first, false, nil
	case kept.fingerprint != key.Fingerprint:
		return first, false, domain.NewError(domain.CodeIdempotencyMismatch)
	}
	return kept.first.(A), true, nil
}

// keepAnswer keeps the answer to the request with the key, if it has one, which created
// the tenant or something in it. The answer has no secret.
func (db *DB) keepAnswer(key *ports.Idempotency, tenant domain.TenantID, first any, now time.Time) {
	if key != nil {
		set(&db.answers, requestOf(key), answer{key.Fingerprint, tenant, first, now.Add(ports.IdempotencyLife)})
	}
}

// forgetAnswers removes the answers that have expired.
func (db *DB) forgetAnswers(now time.Time) {
	for asked, given := range db.answers {
		if !now.Before(given.expiresAt) {
			delete(db.answers, asked)
		}
	}
}
