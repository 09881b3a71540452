package setup

import (
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
)

// Option sets how setup brings the tenants to the newest version: [Workers] or
// [OnProgress].
type Option func(*fleet.Options)

// Workers lets setup migrate up to n tenants at a time, each on a connection of its own.
// [fleet.Defaults] has the default.
func Workers(n int) Option { return func(o *fleet.Options) { o.Workers = n } }

// OnProgress calls progress as often as every says while tenants are migrated, or reports
// a line if progress is nil. Without it, setup reports a line every ten seconds.
func OnProgress(every time.Duration, progress func(fleet.Progress)) Option {
	return func(o *fleet.Options) { o.Every, o.Progress = every, progress }
}
