package fleet_test

import (
	"math"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
)

// TestARunMayWaitAsLongAsADurationLasts waits for locks longer than the server can count.
func TestARunMayWaitAsLongAsADurationLasts(t *testing.T) {
	t.Parallel()
	in := behind(t, 2, addNote, `CREATE INDEX CONCURRENTLY notes_by_id ON notes (id)`)
	report := in.run(t, fleet.Options{Patience: math.MaxInt64, LockTimeout: math.MaxInt64})
	if len(report.Failures) > 0 || in.applied(t, 3) != 2 {
		t.Errorf("got %+v", report)
	}
}
