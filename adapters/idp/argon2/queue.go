package argon2

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// queue limits how many hashes are computed at once. A limited number of callers wait, in
// the order of their arrival; the others are refused at once, so that many simultaneous
// sign-ins cannot exhaust the memory.
type queue struct {
	hashing chan struct{} // has an element for each hash that is being computed
	waiting chan struct{} // has an element for each caller that waits
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
	return domain.NewError(domain.CodeIdentityProviderUnavailable).WithMessage("too many sign-ins at this moment; try again soon").WithRetryAfter(q.wait)
}
