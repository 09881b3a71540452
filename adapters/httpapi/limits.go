package httpapi

import (
	"hash/maphash"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

// What callers who aren't signed in may do in a minute.
const (
	creationsPerAddress  = 20
	identitiesPerAddress = 60
	identitiesPerEmail   = 10
)

// limits counts what callers who aren't signed in do. A request is counted once
// it was read and makes sense: half of one, or a bad token, uses nothing up.
type limits struct {
	proxies   proxies
	now       func() time.Time
	creations *rateTable[netip.Prefix]
	addresses *rateTable[netip.Prefix]
	emails    *rateTable[uint64] // by hash, so that no addresses pile up in memory
	seed      maphash.Seed
}

func newLimits(trusted proxies, now func() time.Time) *limits {
	return &limits{
		proxies:   trusted,
		now:       now,
		creations: newRateTable[netip.Prefix](creationsPerAddress),
		addresses: newRateTable[netip.Prefix](identitiesPerAddress),
		emails:    newRateTable[uint64](identitiesPerEmail),
		seed:      maphash.MakeSeed(),
	}
}

// creation counts a tenant that a stranger asks for.
func (l *limits) creation(r *http.Request) error {
	return limited(l.creations.take(l.proxies.network(r), l.now()), "tenants are asked for from this address")
}

// identity counts a request about an account that the body doesn't name.
func (l *limits) identity(r *http.Request) error {
	return limited(l.addresses.take(l.proxies.network(r), l.now()), "requests come from this address")
}

// identityOf counts a request about the account of email. The caller's address
// comes first, so that one address can't use up what others have.
func (l *limits) identityOf(r *http.Request, email domain.Email) error {
	if err := l.identity(r); err != nil {
		return err
	}
	return limited(l.emails.take(maphash.String(l.seed, email.Key()), l.now()), "requests are made for this e-mail address")
}

func limited(wait time.Duration, what string) error {
	if wait == 0 {
		return nil
	}
	e := &domain.Error{Kind: domain.Limited, RetryAfter: wait}
	e.Message = "too many " + what + "; wait " + time.Duration(math.Ceil(wait.Seconds())*float64(time.Second)).String()
	return e
}

// account reads the e-mail address of a request about an account, and counts the
// request.
func (s *server) account(c echo.Context, address string) (domain.Email, error) {
	email, err := domain.ParseEmail(address)
	if err != nil {
		return domain.Email{}, err
	}
	return email, s.limits.identityOf(c.Request(), email)
}
