package argon2

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// queue lets so many hash at once. Some more wait for their turn, in the order in
// which they came; the rest are refused at once, so that many sign-ins at a time can't
// take all memory.
type queue struct {
	hashing chan struct{} // holds one for each hash that is computed
	waiting chan struct{} // holds one for each that waits
	wait    time.Duration
}

func newQueue(atOnce, waiting int, wait time.Duration) *queue {
	return &queue{hashing: make(chan struct{}, atOnce), waiting: make(chan struct{}, waiting), wait: wait}
}

// enter waits for a turn. It returns an error when too many wait, when the wait is
// too long, or when ctx ends.
func (q *queue) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case q.hashing <- struct{}{}:
		return nil
	default:
	}
	select {
	case q.waiting <- struct{}{}:
		defer func() { <-q.waiting }()
	default:
		return q.overloaded()
	}
	patience := time.NewTimer(q.wait)
	defer patience.Stop()
	select {
	case q.hashing <- struct{}{}:
		return nil
	case <-patience.C:
		return q.overloaded()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) leave() { <-q.hashing }

func (q *queue) overloaded() error {
	return domain.NewError(domain.CodeIdentityProviderUnavailable).WithMessage("too many people are signing in at this moment; try again soon").WithRetryAfter(q.wait)
}
