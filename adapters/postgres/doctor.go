package postgres

import (
	"context"
	"time"

	checks "github.com/partywall-go/partywall/adapters/postgres/internal/doctor"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// Checks describes what [RunChecks] checks.
func Checks() []doctor.Info { return checks.Checks() }

// RunChecks looks for the mistakes that an installation's database may have, and
// changes nothing. now is our clock.
func RunChecks(ctx context.Context, cfg pg.Config, now func() time.Time) []doctor.Finding {
	return checks.Run(ctx, cfg, now)
}
