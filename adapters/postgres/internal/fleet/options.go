package fleet

import (
	"cmp"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// Options say how a [Runner] goes through the tenants. Fields that are zero have the
// value of [Defaults].
type Options struct {
	Workers int // how many tenants are migrated at a time

	// LockTimeout is how long a file waits for a lock, and so how long it holds up the
	// tenant's traffic. A tenant that is busy is tried again after the others.
	LockTimeout time.Duration

	// Patience is how long busy tenants are tried again, once all others were tried.
	Patience time.Duration

	// Canary is the share of the tenants that are behind to begin with, above 0 and up
	// to 1: the run ends after them. 0: all.
	Canary float64

	// StopOnError ends the run after the first tenant that fails. What runs by then is
	// completed.
	StopOnError bool

	// Failed restricts the run to tenants in which a file failed before.
	Failed bool

	Every time.Duration // how often Progress is called

	Progress func(Progress) // nil: the run is silent
}

// Defaults returns the options that a run has unless others are given.
func Defaults() Options {
	return Options{
		Workers:     4,
		LockTimeout: 100 * time.Millisecond,
		Patience:    pg.Defaults().MigrationPatience,
		Every:       10 * time.Second,
	}
}

// Progress is how far a run is.
type Progress struct {
	Tenants int // of the installation
	Behind  int // when the run began
	Brought int // to the newest version, by this run or by another beside it
	Failed  int
	Waiting int // for a lock, or for another runner
}

func (o Options) withDefaults() (Options, error) {
	d := Defaults()
	o.Workers = cmp.Or(o.Workers, d.Workers)
	o.LockTimeout = cmp.Or(o.LockTimeout, d.LockTimeout)
	o.Patience = cmp.Or(o.Patience, d.Patience)
	o.Every = cmp.Or(o.Every, d.Every)
	switch {
	case o.Workers < 0:
		return o, domain.Invalidf("workers", "at least one worker is needed")
	case o.Every < 0:
		return o, domain.Invalidf("every", "progress is reported again after some time")
	case !(o.Canary >= 0 && o.Canary <= 1): // NaN is neither
		return o, domain.Invalidf("canary", "the share is above 0%% and at most 100%%")
	}
	return o, cmp.Or(pg.CheckTimeout("lockTimeout", o.LockTimeout), pg.CheckTimeout("patience", o.Patience))
}
