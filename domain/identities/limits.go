package identities

import (
	"hash/maphash"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
)

// What callers who aren't signed in may do in a minute.
const (
	RequestsPerAddress = 60 // from one network address
	RequestsPerEmail   = 10 // about one e-mail address
)

// Limits counts what callers who aren't signed in do, in the memory of one
// process. The nil Limits counts nothing.
type Limits struct {
	now       func() time.Time
	addresses *limits.Networks
	emails    *limits.Table[uint64] // by hash, so that no addresses pile up in memory
	seed      maphash.Seed
}

// NewLimits returns Limits that have counted nothing yet. A nil now is [time.Now].
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{
		now:       now,
		addresses: limits.NewNetworks(limits.Rate{Count: RequestsPerAddress, Per: time.Minute}),
		emails:    limits.NewTable[uint64](limits.Rate{Count: RequestsPerEmail, Per: time.Minute}),
		seed:      maphash.MakeSeed(),
	}
}

// request counts a request that names no account.
func (l *Limits) request(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.addresses.Take(from, l.now()), "requests come from this address")
}

// account counts a request about the account of email. The caller's address
// comes first, so that one address can't use up what others have.
func (l *Limits) account(from limits.Address, email domain.Email) error {
	if l == nil {
		return nil
	}
	if err := l.request(from); err != nil {
		return err
	}
	return limits.Check(l.emails.Take(maphash.String(l.seed, email.Key()), l.now()), "requests are made for this e-mail address")
}
