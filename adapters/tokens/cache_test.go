package tokens_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

func TestACachedTokenEndsWithItsExp(t *testing.T) {
	clock := newClock()
	v := newVerifier(t, clock.Now)
	token := goodToken(clock.Now(), fields{"exp": float64(clock.Now().Unix()) + 10.5})
	if err := verify(t, v, token); err != nil {
		t.Fatal(err)
	}
	clock.Advance(10*time.Second + 500*time.Millisecond - 1)
	if err := verify(t, v, token); err != nil || !v.Remembers(domain.NewSecret(token)) {
		t.Errorf("a nanosecond before: %v", err)
	}
	clock.Advance(1)
	refused(t, v, token, "it expired")
}

func TestACachedTokenMatchesNoOther(t *testing.T) {
	clock := newClock()
	v := newVerifier(t, clock.Now)
	good := goodToken(clock.Now(), nil)
	if err := verify(t, v, good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if changed := good[:i] + string(good[i]^1) + good[i+1:]; verify(t, v, changed) == nil {
			t.Errorf("it passes with another byte %d", i)
		}
	}
	refused(t, v, good[:len(good)-1], "the signature")
}

func TestARefreshKeepsTheCachedTokensWhoseKeyStays(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	synctest.Test(t, func(t *testing.T) {
		keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
		time.Sleep(time.Second)
		v := newVerifier(t, time.Now, ourIssuer(keys))
		token := domain.NewSecret(goodToken(time.Now(), nil))
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		if server.fetches.Load() < 2 || !v.Remembers(token) {
			t.Errorf("after %d fetches it is in the cache: %t", server.fetches.Load(), v.Remembers(token))
		}
		server.answers(text(setOf(jwkOf(otherKey(), "new"))))
		time.Sleep(6 * time.Minute)
		if v.Remembers(token) {
			t.Error("it is in the cache although its key is withdrawn")
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	const size, beyond = 32, 200
	clock := newClock()
	v, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{ourIssuer(staticKeys(t, keyID, ourKey()))}, CacheSize: size, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range beyond {
		token := goodToken(clock.Now(), fields{"jti": fmt.Sprint(n)})
		wg.Go(func() {
			for range 3 {
				if err := verify(t, v, token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := v.Remembered(); n != size {
		t.Errorf("%d tokens are remembered, want %d", n, size)
	}

	clock.Advance(2 * time.Hour) // all of them have expired
	late := domain.NewSecret(goodToken(clock.Now(), nil))
	for range 2 {
		if _, err := v.Verify(t.Context(), late); err != nil {
			t.Fatal(err)
		}
	}
	if n := v.Remembered(); n > size || !v.Remembers(late) {
		t.Errorf("of %d tokens the last one is in the cache: %t", n, v.Remembers(late))
	}
}
