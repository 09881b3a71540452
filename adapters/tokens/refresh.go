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
	refreshFailed = 30 * time.Second // while the keys at hand still count
	refreshMissed = time.Second      // while there are none that count
)

// run is the only one that fetches, so that two fetches never meet.
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

// refresh fetches the set. Where that fails, the keys at hand stay.
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
			keys[kid] = before // what was verified with it stays remembered
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

// report tells the log where failing begins and where it ends.
func (k *KeySet) report(ctx context.Context, old *keySetState, err error) {
	failedBefore := old.err != nil && !errors.Is(old.err, errNotYet)
	switch {
	case err != nil && !failedBefore:
		k.log.LogAttrs(ctx, slog.LevelWarn, "the issuer's keys can't be fetched", slog.String("url", k.url), slog.Any("error", err))
	case err == nil && failedBefore:
		k.log.LogAttrs(ctx, slog.LevelInfo, "the issuer's keys are fetched again", slog.String("url", k.url))
	}
}
