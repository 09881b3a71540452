package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// forged returns tokens with n key IDs that no issuer has.
func forged(now time.Time, n int) []string {
	all := make([]string, n)
	for i := range all {
		header := goodHeader().with(fields{"kid": fmt.Sprintf("unknown-%d", i)})
		all[i] = encode(header.String()) + "." + encode(goodClaims(now).String()) + "." + encode("signature")
	}
	return all
}

func TestUnknownKeysCauseOneFetch(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"that succeeds": text(ourSet()), "that fails": status(http.StatusInternalServerError)} {
		t.Run(name, func(t *testing.T) {
			server := newKeyServer(t, text(ourSet()))
			clock := newClock()
			keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
			awaitReady(t, keys)
			v := newVerifier(t, clock.Now, ourIssuer(keys))
			server.answers(answer)
			for round := range int64(3) {
				var wg sync.WaitGroup
				for _, token := range forged(clock.Now(), 2000) {
					wg.Go(func() { refused(t, v, token, "no key with that kid") })
				}
				wg.Wait()
				if n := server.fetches.Load(); n != 2+round {
					t.Fatalf("round %d: %d fetches, the first one included", round, n)
				}
				clock.Advance(10*time.Second - 1)
				refused(t, v, forged(clock.Now(), 1)[0], "no key with that kid")
				if n := server.fetches.Load(); n != 2+round {
					t.Fatalf("round %d: %d fetches before ten seconds are over", round, n)
				}
				clock.Advance(1)
			}
			server.oneAtATime(t)
		})
	}
}

func TestOnlyTheFirstUnknownKeyWaits(t *testing.T) {
	server, clock, _, v := steady(t)
	asked, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server.answers(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked) })
		<-released
		text(setOf(jwkOf(ourKey(), keyID), jwkOf(otherKey(), "new")))(w, r)
	})
	first := make(chan error)
	go func() {
		_, err := v.Verify(t.Context(), domain.NewSecret(sign(otherKey(), goodHeader().with(fields{"kid": "new"}).String(), goodClaims(clock.Now()).String())))
		first <- err
	}()
	<-asked
	// These would hang if they waited: the fetch ends after them.
	refused(t, v, forged(clock.Now(), 1)[0], "no key with that kid")
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Errorf("a known key during a fetch: %v", err)
	}
	close(released)
	if err := <-first; err != nil {
		t.Errorf("the first one with a new key: %v", err)
	}
}

func TestUnknownKeysOfOtherIssuersCauseNoFetch(t *testing.T) {
	server, clock, _, v := steady(t)
	unknown := goodHeader().with(fields{"kid": "unknown"})
	claims := goodClaims(clock.Now())
	refused(t, v, sign(ourKey(), unknown.String(), claims.with(fields{"iss": "https://evil.example"}).String()), "iss")
	refused(t, v, sign(ourKey(), unknown.with(fields{"alg": "none"}).String(), claims.String()), "alg")
	refused(t, v, sign(ourKey(), unknown.with(fields{"kid": "un known"}).String(), claims.String()), "kid is not")
	refused(t, v, sign(ourKey(), unknown.String(), claims.String())+"=", "base64")
	if n := server.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, the first one included", n)
	}
}

func TestACallerWhoStopsWaitingGetsTheContextsError(t *testing.T) {
	server, clock, keys, v := steady(t)
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	server.answers(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-released
		text(ourSet())(w, r)
	})
	defer close(released)
	if _, err := v.Verify(ctx, domain.NewSecret(forged(clock.Now(), 1)[0])); !errors.Is(err, context.Canceled) || domain.KindOf(err) != domain.Internal {
		t.Errorf("got %v, want the context's own error", err)
	}
	if err := keys.Ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Ready: got %v", err)
	}
}

func TestRotationUnderLoad(t *testing.T) {
	server, clock, _, v := steady(t)
	withNew := func(n int) string {
		return sign(otherKey(), goodHeader().with(fields{"kid": "new"}).String(), goodClaims(clock.Now()).with(fields{"jti": fmt.Sprint(n)}).String())
	}
	old := goodToken(clock.Now(), nil)
	var wg sync.WaitGroup
	var ended atomic.Bool
	defer wg.Wait()
	defer ended.Store(true)
	for n := range 4 {
		uncached := goodToken(clock.Now(), fields{"jti": fmt.Sprint(n)})
		wg.Go(func() {
			for !ended.Load() {
				for _, token := range []string{old, uncached} {
					if err := verify(t, v, token); err != nil {
						t.Errorf("while its key is published: %v", err)
						return
					}
				}
			}
		})
	}
	server.answers(text(setOf(jwkOf(ourKey(), keyID), jwkOf(otherKey(), "new"))))
	for n := range 100 {
		if err := verify(t, v, withNew(n)); err != nil {
			t.Fatalf("new token %d: %v", n, err)
		}
	}
	ended.Store(true)
	wg.Wait()
	server.oneAtATime(t)

	server.answers(text(setOf(jwkOf(otherKey(), "new"))))
	clock.Advance(10 * time.Second)
	refused(t, v, forged(clock.Now(), 1)[0], "no key with that kid") // has the set fetched
	refused(t, v, old, "no key with that kid")
	if err := verify(t, v, withNew(0)); err != nil {
		t.Error(err)
	}

	server.answers(text(setOf(jwkOf(ourKey(), "new"))))
	clock.Advance(10 * time.Second)
	refused(t, v, forged(clock.Now(), 1)[0], "no key with that kid")
	refused(t, v, withNew(0), "the signature") // remembered under a key that has been replaced
}
