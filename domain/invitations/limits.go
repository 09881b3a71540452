package invitations

import (
	"time"

	"github.com/partywall-go/partywall/domain/limits"
)

// TokensPerAddress is how many tokens of invitations from one network address may be
// refused in a minute.
const TokensPerAddress = 20

// Limits counts refused tokens by the network that they come from, in the memory of one
// process. The nil Limits limits nothing.
type Limits struct {
	now    func() time.Time
	tokens *limits.Networks
}

// NewLimits returns Limits that have counted nothing yet. A nil now is [time.Now].
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{now, limits.NewNetworks(limits.Rate{Count: TokensPerAddress, Per: time.Minute})}
}

// token counts a token before it is looked up.
func (l *Limits) token(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.tokens.Take(from, l.now()), "tokens of invitations from this address are refused")
}

// goodToken takes back the count of a token that was not refused.
func (l *Limits) goodToken(from limits.Address) {
	if l != nil {
		l.tokens.Return(from)
	}
}
