package limits

import (
	"math"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Check returns nil for a wait of 0, and otherwise a [domain.Limited] error that
// names what exceeds the limit, such as "requests come from this address", and how
// long to wait.
func Check(wait time.Duration, what string) error {
	if wait <= 0 {
		return nil
	}
	shown := time.Duration(math.Ceil(wait.Seconds())) * time.Second
	return domain.Errorf(domain.Limited, "too many %s; wait %s", what, shown).WithRetryAfter(wait)
}
