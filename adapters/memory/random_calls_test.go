package memory_test

import (
	"cmp"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/partywall-go/partywall/ports/porttest"
)

var (
	randomCalls = flag.Int("calls", 10_000, "how many calls TestRandomCalls makes")
	randomSeed  = flag.Uint64("calls.seed", 0, "the seed of TestRandomCalls; 0: a new one")
)

func TestRandomCalls(t *testing.T) {
	t.Parallel()
	porttest.RandomCalls(t, openTenancy, *randomCalls, cmp.Or(*randomSeed, rand.Uint64()))
}
