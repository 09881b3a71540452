package tokens

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	refreshEvery  = 5 * time.Minute
	refreshFailed = 30 * time.Second // while the current keys may be trusted
	refreshMissed = time.Second      // while no keys may be trusted
)

// run is the only goroutine that fetches, so that two fetches never overlap.
func (k *KeySet) run(ctx context.Context) {
	defer close(k.stopped)
	k.refresh(ctx)
	close(k.tried)
	for {
		select {
		case <-time.After(k.pause()):
			k.refresh(ctx)
		case fetched := <-k.asks:
			k.refresh(ctx)
			close(fetched)
		case <-ctx.Done():
			return
		}
	}
}

// pause is the time until the next fetch. Its jitter keeps many processes from
// fetching in step.
func (k *KeySet) pause() time.Duration {
	state := k.state.Load()
	every := refreshEvery
	switch {
	case !k.counts(state):
		every = refreshMissed
	case state.err != nil:
		every = refreshFailed
	}
	return time.Duration(float64(every) * (0.9 + 0.2*rand.Float64()))
}

// refresh fetches the set. If that fails, the current keys stay.
func (k *KeySet) refresh(ctx context.Context) {
	old, at := k.state.Load(), k.now()
	keys, err := k.fetch(ctx)
	if ctx.Err() != nil {
		return
	}
	k.report(ctx, old, err)
	if err != nil {
		k.state.Store(&keySetState{keys: old.keys, fetchedAt: old.fetchedAt, err: err})
		return
	}
	for kid, key := range keys {
		if before := old.keys[kid]; before != nil && before.rsa.Equal(key.rsa) {
			keys[kid] = before // tokens verified with it stay in the cache
		}
	}
	k.state.Store(&keySetState{keys: keys, fetchedAt: at})
}

func (k *KeySet) fetch(ctx context.Context) (map[string]*publicKey, error) {
	body, err := fetch(ctx, k.client, k.url)
	if err != nil {
		return nil, err
	}
	return parseKeySet(body, k.loopback)
}

// report logs the first failure of a series, and its end.
func (k *KeySet) report(ctx context.Context, old *keySetState, err error) {
	failedBefore := old.err != nil && !errors.Is(old.err, errNotYet)
	switch {
	case err != nil && !failedBefore:
		k.log.LogAttrs(ctx, slog.LevelWarn, "cannot fetch the issuer's keys; retrying", slog.String("url", k.url), slog.Any("error", err))
	case err == nil && failedBefore:
		k.log.LogAttrs(ctx, slog.LevelInfo, "the issuer's keys are fetched again", slog.String("url", k.url))
	}
}
