package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/ports/doctor"
)

// The backlog of a consumer of events that deserves a warning.
const (
	maxEventLag = 10_000
	maxEventAge = time.Hour
)

// consumerState is how far a consumer of events is.
type consumerState struct {
	Name     string
	Lag      int
	Seconds  float64 // the age of the oldest event that it has not handled
	SetAside int
	Example  string // the failure of an event that it gave up
}

const readConsumers = `
	SELECT c.name,
		(SELECT count(*) FROM partywall.events e WHERE e.position > c.position OR e.position IS NULL) AS lag,
		coalesce(extract(epoch FROM now() - least(
			(SELECT min(e.at) FROM partywall.events e WHERE e.position IS NULL),
			(SELECT e.at FROM partywall.events e WHERE e.position > c.position ORDER BY e.position LIMIT 1),
			(SELECT min(waiting.at) FROM partywall.event_laggards l CROSS JOIN LATERAL (
				SELECT e.at FROM partywall.events e WHERE e.tenant = l.tenant AND e.position > l.position ORDER BY e.position LIMIT 1
			) waiting WHERE l.consumer = c.name)
		)), 0)::float8 AS seconds,
		(SELECT count(*) FROM partywall.events_set_aside a WHERE a.consumer = c.name) AS setaside,
		coalesce((SELECT a.failure FROM partywall.events_set_aside a WHERE a.consumer = c.name ORDER BY a.event LIMIT 1), '') AS example
	FROM partywall.event_consumers c ORDER BY c.name`

// events looks for consumers that lag, or that gave events up.
func (c *checker) events(ctx context.Context) (doctor.Finding, error) {
	var states []consumerState
	if err := c.readAll(ctx, &states, readConsumers); err != nil {
		return doctor.Finding{}, err
	}
	for _, s := range states {
		switch age := time.Duration(s.Seconds * float64(time.Second)); {
		case s.SetAside > 0:
			return doctor.Warn(fmt.Sprintf("the consumer %s of events set %d aside, the first because: %s", s.Name, s.SetAside, s.Example),
				"remove the cause, then run `"+c.program()+" events retry "+s.Name+"`"), nil
		case s.Lag > maxEventLag, age > maxEventAge:
			return doctor.Warn(fmt.Sprintf("the consumer %s of events lags by %d events, the oldest of which is %s old", s.Name, s.Lag, age.Round(time.Second)),
				"start a program that consumes as "+s.Name+", and read in its log why it fails; if none does any more, run `"+c.program()+" events forget "+s.Name+"`"), nil
		}
	}
	return doctor.Pass(fmt.Sprintf("the consumers of events, %d, keep up", len(states))), nil
}

// program is the name of the command line that the operator types.
func (c *checker) program() string {
	if c.cfg.Program != "" {
		return c.cfg.Program
	}
	return "partywall"
}
