package idp

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// passwordQueue hashes passwords, only so many at once: each takes 19 MiB and a
// core. Some more wait for their turn, first come, first served; the rest are
// sent away at once, so that a flood of them can't take all memory.
type passwordQueue struct {
	hashing chan struct{} // one for each hash at work
	waiting chan struct{} // one for each that waits
	wait    time.Duration
}

func newPasswordQueue(atOnce, waiting int, wait time.Duration) *passwordQueue {
	return &passwordQueue{hashing: make(chan struct{}, atOnce), waiting: make(chan struct{}, waiting), wait: wait}
}

// hash returns the hash of password in the PHC string format.
func (q *passwordQueue) hash(ctx context.Context, password domain.Secret) (string, error) {
	if err := q.enter(ctx); err != nil {
		return "", err
	}
	defer q.leave()
	return hashPassword(normalPassword(password)).String(), nil
}

// verify reports whether password has the hash that was stored.
func (q *passwordQueue) verify(ctx context.Context, stored string, password domain.Secret) (bool, error) {
	h, err := parsePasswordHash(stored)
	if err != nil {
		return false, identityError(err)
	}
	if err := q.enter(ctx); err != nil {
		return false, err
	}
	defer q.leave()
	return h.matches(normalPassword(password)), nil
}

// enter waits for a turn. It fails when too many wait, when the wait is too
// long, or with ctx.
func (q *passwordQueue) enter(ctx context.Context) error {
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

func (q *passwordQueue) leave() { <-q.hashing }

func (q *passwordQueue) overloaded() error {
	return &domain.Error{
		Kind:       domain.Unavailable,
		Code:       domain.CodeIdentityProviderUnavailable,
		Message:    "too many people are signing in at this moment; try again soon",
		RetryAfter: q.wait,
	}
}
