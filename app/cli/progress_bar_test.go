package cli

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
)

func TestALineOfTheBar(t *testing.T) {
	for want, c := range map[string]struct {
		done  app.MigrationProgress
		since time.Duration
	}{
		"[............] 0 of 3 tenants":                                           {app.MigrationProgress{Tenants: 9, Behind: 3}, time.Second},
		"[############] 1 of 1 tenant":                                            {app.MigrationProgress{Tenants: 9, Behind: 1, Brought: 1}, time.Second},
		"[............] 0 of 0 tenants":                                           {app.MigrationProgress{}, 0},
		"[###.........] 25 of 100 tenants, 30s left":                              {app.MigrationProgress{Behind: 100, Brought: 25}, 10 * time.Second},
		"[######......] 5000 of 10000 tenants, 3 failed, 1s left":                 {app.MigrationProgress{Behind: 10_000, Brought: 4_997, Failed: 3}, 0},
		"[###########.] 9999 of 10000 tenants, 9999 failed, 9999 busy, 1m0s left": {app.MigrationProgress{Behind: 10_000, Failed: 9_999, Waiting: 9_999}, 9_999 * time.Minute},
		"[............] 1 of 10000 tenants, 12 busy, 27h46m30s left":              {app.MigrationProgress{Behind: 10_000, Brought: 1, Waiting: 12}, 10_000 * time.Millisecond},
	} {
		got := barLine(c.done, c.since)
		if got != want || len(got) > 79 {
			t.Errorf("got %q in %d columns, want %q", got, len(got), want)
		}
	}
}
