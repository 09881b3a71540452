package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const (
	maxSetAge = 24 * time.Hour
	askEvery  = 10 * time.Second // how often an unknown key may cause a fetch
)

// KeySetConfig configures a [KeySet].
type KeySetConfig struct {
	// URL is where the issuer publishes its JWK Set. It is https, or on loopback; an
	// emulator's is on loopback.
	URL string

	// Proxy chooses a proxy, as http.Transport's does. Nil means none; loopback is
	// always reached directly.
	Proxy func(*http.Request) (*url.URL, error)

	// Log gets a line when the set cannot be fetched, and when it can again. Nil means
	// no log.
	Log *slog.Logger

	// Now is the clock that the set's age is read from. Nil means time.Now.
	Now func() time.Time
}

// KeySet has the keys that an issuer publishes. It fetches them in the background
// every five minutes, and every second while it has none; a request with a known key
// never waits. If the set cannot be fetched again, or is bad, the old one stays in
// force until it is 24 hours old.
type KeySet struct {
	url      string
	loopback bool
	client   *http.Client
	log      *slog.Logger
	now      func() time.Time

	state atomic.Pointer[keySetState]
	asks  chan chan struct{} // each is closed after a fetch that began later

	mu      sync.Mutex
	askedAt time.Time // when an unknown key last caused a fetch

	cancel  context.CancelFunc
	tried   chan struct{} // closed after the first fetch
	stopped chan struct{}
}

// keySetState is never changed, but replaced.
type keySetState struct {
	keys      map[string]*publicKey
	fetchedAt time.Time // of keys; zero if there never were any
	err       error     // of the last fetch
}

var errNotYet = errors.New("not fetched yet")

var (
	_ KeySource        = (*KeySet)(nil)
	_ ports.Dependency = (*KeySet)(nil)
)

// NewKeySet returns a set that has begun to fetch its keys; it does not wait for
// them. The caller must close it. A URL that is not allowed is a [domain.Invalid]
// error.
func NewKeySet(cfg KeySetConfig) (*KeySet, error) {
	loopback := onLoopback(cfg.URL)
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, domain.Invalidf("jwksURL", "the URL of a key set is https://host/path")
	case u.Scheme == "http" && !loopback:
		return nil, domain.Invalidf("jwksURL", "the key set %s must be https: http is accepted on loopback only", u)
	case isEmulated(u.Path) && !loopback:
		return nil, domain.Invalidf("jwksURL", "the key set %s is an emulator's, which is accepted on loopback only", u)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &KeySet{
		url:      cfg.URL,
		loopback: loopback,
		client:   newClient(loopback, cfg.Proxy),
		log:      cfg.Log,
		now:      cfg.Now,
		asks:     make(chan chan struct{}, 1),
		cancel:   cancel,
		tried:    make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	k.state.Store(&keySetState{err: errNotYet})
	go k.run(ctx)
	return k, nil
}

// Close stops fetching and waits until the last fetch has ended. It never fails.
func (k *KeySet) Close() error {
	k.cancel()
	<-k.stopped
	return nil
}

// AwaitFirst waits until the first fetch has ended, successful or not, which takes
// two seconds at most. A server that listens only afterwards is ready at once.
func (k *KeySet) AwaitFirst(ctx context.Context) error {
	select {
	case <-k.tried:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Ready reports whether there are keys that may be trusted. It fetches nothing,
// because the set fetches its keys by itself.
func (k *KeySet) Ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := k.missing(k.state.Load()); err != nil {
		return translate(err)
	}
	return nil
}

// Age returns the time since the keys were fetched; false if they never were.
func (k *KeySet) Age() (time.Duration, bool) {
	state := k.state.Load()
	if state.fetchedAt.IsZero() {
		return 0, false
	}
	return k.now().Sub(state.fetchedAt), true
}

// counts reports whether the state's keys may be trusted.
func (k *KeySet) counts(state *keySetState) bool {
	return !state.fetchedAt.IsZero() && k.now().Sub(state.fetchedAt) < maxSetAge
}

// missing returns nil if the state's keys may be trusted, and otherwise the reason
// why not.
func (k *KeySet) missing(state *keySetState) error {
	if k.counts(state) {
		return nil
	}
	return fmt.Errorf("%w from %s: %w", errNoKeys, k.url, state.err)
}

func (k *KeySet) held(kid string) *publicKey {
	state := k.state.Load()
	if !k.counts(state) {
		return nil
	}
	return state.keys[kid]
}

// key waits for a fetch if the ID is unknown and no other unknown ID caused a fetch
// lately.
func (k *KeySet) key(ctx context.Context, kid string) (*publicKey, error) {
	if err := k.missing(k.state.Load()); err != nil {
		return nil, err
	}
	if key := k.held(kid); key != nil {
		return key, nil
	}
	if err := k.ask(ctx); err != nil {
		return nil, err
	}
	if key := k.held(kid); key != nil {
		return key, nil
	}
	return nil, errUnknownKey
}

// ask requests a fetch of the set, at most once in askEvery, and waits for it.
func (k *KeySet) ask(ctx context.Context) error {
	if !k.mayAsk() {
		return errUnknownKey
	}
	fetched := make(chan struct{})
	select {
	case k.asks <- fetched:
	default:
		return errUnknownKey
	}
	select {
	case <-fetched:
		return nil
	case <-k.stopped:
		return errUnknownKey
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *KeySet) mayAsk() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if !k.askedAt.IsZero() && now.Sub(k.askedAt) < askEvery {
		return false
	}
	k.askedAt = now
	return true
}
