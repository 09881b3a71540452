package events

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/ports"
)

// minPause is the pause after a look that found something, so that many events share
// the cost of one look.
const minPause = 50 * time.Millisecond

// Sequence gives events their positions until ctx is done. Consumers get an event once
// it has one. Every process that serves may call it at the same time.
func (s *Service) Sequence(ctx context.Context) {
	pause := pauses{longest: s.idlePause()}
	for ctx.Err() == nil {
		n, err := s.Sequencer.Sequence(ctx)
		if err != nil {
			s.reportUnlessDone(ctx, fmt.Errorf("number events: %w", err))
		}
		pause.after(ctx, n > 0, err)
	}
}

// sequenceAll numbers what was recorded before the call.
func (s *Service) sequenceAll(ctx context.Context) error {
	for {
		n, err := s.Sequencer.Sequence(ctx)
		if err != nil || n < ports.MaxSequence {
			return err
		}
	}
}

func (s *Service) idlePause() time.Duration { return cmp.Or(s.IdlePause, time.Second) }

// reportUnlessDone reports an error that is not only the end of ctx.
func (s *Service) reportUnlessDone(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.report(err)
	}
}

// pauses are the pauses between looks for work, which double while there is none.
type pauses struct {
	longest, last time.Duration
}

// errorPause is the longest pause after an error.
const errorPause = 10 * time.Second

// after waits: for the shortest time if there was work, and longest after errors.
func (p *pauses) after(ctx context.Context, worked bool, err error) {
	longest := p.longest
	switch {
	case err != nil:
		longest = max(longest, errorPause)
	case worked:
		p.last = 0
	}
	p.last = min(max(2*p.last, minPause), longest)
	wait(ctx, p.last)
}

// wait returns after d, or once ctx is done.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
