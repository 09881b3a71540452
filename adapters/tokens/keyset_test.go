package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// eventually waits for real things on loopback, which take milliseconds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

func awaitReady(t *testing.T, keys *tokens.KeySet) {
	t.Helper()
	eventually(t, "the keys are there", func() bool { return keys.Ready(t.Context()) == nil })
}

// unavailable fails unless err says that the keys can't be had, and when to come again.
func unavailable(t *testing.T, err error) {
	t.Helper()
	failure, ok := errors.AsType[*domain.Error](err)
	if !ok || failure.Kind != domain.Unavailable || failure.Code != domain.CodeIdentityProviderUnavailable || failure.RetryAfter <= 0 {
		t.Errorf("got %#v, want %v with a time to try again", err, domain.CodeIdentityProviderUnavailable)
	}
}

func TestKeySetServesWhatItFetched(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	if err := verify(t, newVerifier(t, clock.Now, ourIssuer(keys)), goodToken(clock.Now(), nil)); err != nil {
		t.Error(err)
	}
}

func TestKeySetIsLateWithoutWaiting(t *testing.T) {
	released := make(chan struct{})
	server := newKeyServer(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
		text(ourSet())(w, r)
	})
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	unavailable(t, verify(t, v, goodToken(clock.Now(), nil)))
	unavailable(t, keys.Ready(t.Context()))
	if _, ever := keys.Age(); ever {
		t.Error("it has an age before it has keys")
	}
	close(released)
	awaitReady(t, keys)
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Error(err)
	}
}

// A provider that is down at start: nobody listens on its port.
func TestKeySetRecoversByItself(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: "http://" + address, Now: clock.Now})
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	for range 10 {
		unavailable(t, verify(t, v, goodToken(clock.Now(), nil)))
		unavailable(t, keys.Ready(t.Context()))
	}
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: text(ourSet())}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	awaitReady(t, keys)
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Error(err)
	}
}

func TestKeySetTriesEverySecondWhileItHasNone(t *testing.T) {
	server := newKeyServer(t, status(http.StatusServiceUnavailable))
	synctest.Test(t, func(t *testing.T) {
		keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
		time.Sleep(time.Minute)
		if n := server.fetches.Load(); n < 50 || n > 70 {
			t.Errorf("%d fetches in a minute", n)
		}
		unavailable(t, keys.Ready(t.Context()))
		server.answers(text(ourSet()))
		time.Sleep(2 * time.Second)
		if err := keys.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestKeySetRefreshesEveryFiveMinutesOrSo(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	synctest.Test(t, func(t *testing.T) {
		keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
		lengths := make(map[time.Duration]bool)
		last := time.Now()
		for seen := int64(0); seen < 20; time.Sleep(time.Second) {
			if server.fetches.Load() == seen {
				continue
			}
			length := time.Since(last)
			if seen > 0 && (length < 269*time.Second || length > 331*time.Second) {
				t.Errorf("fetch %d came after %v", seen+1, length)
			}
			lengths[length] = true
			last = time.Now()
			seen++
		}
		if len(lengths) < 5 {
			t.Errorf("the fetches are in step: %v", lengths)
		}
		if age, ever := keys.Age(); !ever || age > 2*time.Second {
			t.Errorf("the age just after a fetch is %v", age)
		}
	})
}

func TestKeySetOutlivesItsProviderByADay(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	synctest.Test(t, func(t *testing.T) {
		keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
		v := newVerifier(t, time.Now, ourIssuer(keys))
		time.Sleep(time.Second)
		server.answers(status(http.StatusInternalServerError))

		time.Sleep(24*time.Hour - 3*time.Second)
		cached := goodToken(time.Now(), nil)
		if err := verify(t, v, cached); err != nil {
			t.Errorf("just before the day is over: %v", err)
		}
		if err := keys.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if age, _ := keys.Age(); age < 23*time.Hour {
			t.Errorf("the age is %v", age)
		}

		time.Sleep(3 * time.Second)
		unavailable(t, verify(t, v, goodToken(time.Now(), nil)))
		unavailable(t, verify(t, v, cached))
		unavailable(t, keys.Ready(t.Context()))

		time.Sleep(time.Minute)
		server.answers(text(ourSet()))
		time.Sleep(2 * time.Second)
		if err := verify(t, v, cached); err != nil {
			t.Errorf("after the provider's return: %v", err)
		}
	})
}

func TestKeySetTriesSoonerAfterAFailure(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	synctest.Test(t, func(t *testing.T) {
		newKeySet(t, tokens.KeySetConfig{URL: server.URL})
		time.Sleep(time.Second)
		server.answers(status(http.StatusInternalServerError))
		time.Sleep(6 * time.Minute)
		before := server.fetches.Load()
		time.Sleep(5 * time.Minute)
		if n := server.fetches.Load() - before; n < 8 || n > 12 {
			t.Errorf("%d fetches in five minutes", n)
		}
	})
}

// forged returns tokens with n key IDs that nobody has.
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
					wg.Go(func() { refused(t, v, token, "no key of that kid") })
				}
				wg.Wait()
				if n := server.fetches.Load(); n != 2+round {
					t.Fatalf("round %d: %d fetches, the first one included", round, n)
				}
				clock.Advance(10*time.Second - 1)
				refused(t, v, forged(clock.Now(), 1)[0], "no key of that kid")
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
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	asked, released := make(chan struct{}), make(chan struct{})
	server.answers(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
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
	refused(t, v, forged(clock.Now(), 1)[0], "no key of that kid")
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Errorf("a known key during a fetch: %v", err)
	}
	close(released)
	if err := <-first; err != nil {
		t.Errorf("the first one with a new key: %v", err)
	}
}

func TestUnknownKeysOfStrangersCauseNoFetch(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	unknown := goodHeader().with(fields{"kid": "unknown"})
	claims := goodClaims(clock.Now())
	refused(t, v, sign(ourKey(), unknown.String(), claims.with(fields{"iss": "https://evil.example"}).String()), "iss")
	refused(t, v, sign(ourKey(), unknown.with(fields{"alg": "none"}).String(), claims.String()), "alg")
	refused(t, v, sign(ourKey(), unknown.with(fields{"kid": "un known"}).String(), claims.String()), "kid isn't")
	refused(t, v, sign(ourKey(), unknown.String(), claims.String())+"=", "base64")
	if n := server.fetches.Load(); n != 1 {
		t.Errorf("%d fetches, the first one included", n)
	}
}

func TestWhoGivesUpWaitingIsToldSo(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	server.answers(func(w http.ResponseWriter, r *http.Request) {
		once.Do(cancel)
		text(ourSet())(w, r)
	})
	if _, err := v.Verify(ctx, domain.NewSecret(forged(clock.Now(), 1)[0])); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, domain.CodeInvalidToken) {
		t.Errorf("got %v", err)
	}
	clock.Advance(time.Minute)
	if _, err := v.Verify(ctx, domain.NewSecret(forged(clock.Now(), 1)[0])); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRotationUnderLoad(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, ourIssuer(keys))
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
	refused(t, v, forged(clock.Now(), 1)[0], "no key of that kid") // has the set fetched
	refused(t, v, old, "no key of that kid")
	if err := verify(t, v, withNew(0)); err != nil {
		t.Error(err)
	}

	server.answers(text(setOf(jwkOf(ourKey(), "new"))))
	clock.Advance(10 * time.Second)
	refused(t, v, forged(clock.Now(), 1)[0], "no key of that kid")
	refused(t, v, withNew(0), "the signature") // remembered under a key that has been replaced
}

func TestKeySetRefusesWhatIsNotAllowed(t *testing.T) {
	for _, url := range []string{
		"", "jwks.json", "/jwks.json", "https://", "ftp://127.0.0.1/jwks.json", "file:///etc/passwd", "https://user:password@idp.example.com/jwks.json",
		"http://idp.example.com/jwks.json", "http://localhost.example.com/jwks.json", "http://127.0.0.1.example.com/", "http://10.0.0.1/jwks.json",
		"http://0.0.0.0/jwks.json", "https://idp.example.com/local_1a2b3c/.well-known/jwks.json", "https://idp.example.com/%6cocal_1a2b3c/jwks.json", "http://[::1",
	} {
		if keys, err := tokens.NewKeySet(tokens.KeySetConfig{URL: url}); !errors.Is(err, domain.Invalid) {
			t.Errorf("%q: got %v, %v", url, keys, err)
		}
	}
	for _, url := range []string{
		"https://cognito-idp.eu-central-1.amazonaws.com/" + poolID + "/.well-known/jwks.json",
		"http://localhost:1/local_1a2b3c/.well-known/jwks.json", "http://127.0.0.1:1/", "http://[::1]:1/", "https://127.0.0.1:1/local_1a2b3c/",
	} {
		newKeySet(t, tokens.KeySetConfig{URL: url})
	}
}

func TestLoopbackIsWhereTheDialGoes(t *testing.T) {
	for _, address := range []string{"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		if err := tokens.DialLoopback("tcp", address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"192.0.2.1:80", "0.0.0.0:80", "[2001:db8::1]:80", "localhost:80"} {
		if err := tokens.DialLoopback("tcp", address, nil); err == nil {
			t.Errorf("%s is taken for loopback", address)
		}
	}
}

func TestAnEmulatorCountsOnLoopback(t *testing.T) {
	server := newKeyServer(t, text(setOf(jwkOf(ourKey(), "CognitoLocal"))))
	clock := newClock()
	const pool = "local_1a2b3c"
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL + "/" + pool + "/.well-known/jwks.json", Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, tokens.Issuer{URLs: []string{server.URL + "/" + pool}, Provider: pool, ClientIDs: []string{client}, Keys: keys})
	token := sign(ourKey(), goodHeader().with(fields{"kid": "CognitoLocal"}).String(), goodClaims(clock.Now()).with(fields{"iss": server.URL + "/" + pool}).String())
	caller, err := v.Verify(t.Context(), domain.NewSecret(token))
	if err != nil || caller.Identity.Provider() != pool {
		t.Errorf("got %v, %v", caller.Identity, err)
	}
	if _, err := tokens.ParseKeySet([]byte(setOf(jwkOf(ourKey(), "CognitoLocal"))), false); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestCloseEndsAFetchThatHangs(t *testing.T) {
	arrived := make(chan struct{})
	var once sync.Once
	server := newKeyServer(t, func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(arrived) })
		<-r.Context().Done()
	})
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
	<-arrived
	start := time.Now()
	if err := keys.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if err := keys.Close(); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestAClosedKeySetKeepsServingWhatItHas(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	keys.Close()
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Error(err)
	}
	refused(t, v, forged(clock.Now(), 1)[0], "no key of that kid") // and doesn't wait for a fetch
}
