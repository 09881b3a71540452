package doctor

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// Checks describes what [Run] checks, in its order.
func Checks() []doctor.Info { return doctor.Describe((&checker{}).checks()) }

// Run looks for the mistakes that an installation's database may have, and
// changes nothing. now is our clock.
func Run(ctx context.Context, cfg pg.Config, now func() time.Time) []doctor.Finding {
	c := &checker{now: now}
	err := c.prepare(cfg)
	if err != nil {
		return []doctor.Finding{{Check: "database", Severity: doctor.Error, Summary: pg.Describe(err), Fix: "fix the variable or the migration that is named"}}
	}
	defer func() { _ = c.db.Close() }()
	return doctor.Run(ctx, c.checks())
}
