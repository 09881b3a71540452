package tokens_test

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// eventually waits for real events on loopback, which take milliseconds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never happened that %s", what)
		}
	}
}

func awaitReady(t *testing.T, keys *tokens.KeySet) {
	t.Helper()
	eventually(t, "the keys were fetched", func() bool { return keys.Ready(t.Context()) == nil })
}

// steady is a verifier with keys that a server has published.
func steady(t *testing.T) (*keyServer, *clock, *tokens.KeySet, *tokens.Verifier) {
	t.Helper()
	server, clock := newKeyServer(t, text(ourSet())), newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	return server, clock, keys, newVerifier(t, clock.Now, ourIssuer(keys))
}

// unavailable fails unless err reports that the keys are unavailable, and when to
// retry.
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

func TestKeySetFetchesLateWithoutBlocking(t *testing.T) {
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

// A provider that is down at start: no process listens on its port.
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
			t.Errorf("when the provider is available again: %v", err)
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

func TestKeySetRefusesAURLThatIsNotAllowed(t *testing.T) {
	for _, from := range []string{
		"", "jwks.json", "/jwks.json", "https://", "ftp://127.0.0.1/jwks.json", "file:///etc/passwd", "https://user:password@idp.example.com/jwks.json",
		"http://idp.example.com/jwks.json", "http://localhost.example.com/jwks.json", "http://127.0.0.1.example.com/", "http://10.0.0.1/jwks.json",
		"http://0.0.0.0/jwks.json", "https://idp.example.com/local_1a2b3c/.well-known/jwks.json", "https://idp.example.com/%6cocal_1a2b3c/jwks.json", "http://[::1",
	} {
		if keys, err := tokens.NewKeySet(tokens.KeySetConfig{URL: from}); !errors.Is(err, domain.Invalid) {
			t.Errorf("%q: got %v, %v", from, keys, err)
		}
	}
	for _, from := range []string{
		"https://cognito-idp.eu-central-1.amazonaws.com/" + poolID + "/.well-known/jwks.json",
		"http://localhost:1/local_1a2b3c/.well-known/jwks.json", "http://127.0.0.1:1/", "http://[::1]:1/", "https://127.0.0.1:1/local_1a2b3c/",
	} {
		newKeySet(t, tokens.KeySetConfig{URL: from})
	}
}

func TestAProxyIsNotUsedForLoopback(t *testing.T) {
	refuse := func(*http.Request) (*url.URL, error) { return nil, errors.New("asked for a proxy") }
	far := newKeySet(t, tokens.KeySetConfig{URL: "https://idp.example.com/jwks.json", Proxy: refuse})
	eventually(t, "it asks for a proxy", func() bool {
		err := far.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "asked for a proxy")
	})
	server := newKeyServer(t, text(ourSet()))
	awaitReady(t, newKeySet(t, tokens.KeySetConfig{URL: server.URL, Proxy: refuse}))
}

func TestLoopbackIsDecidedByTheDialedAddress(t *testing.T) {
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

func TestAnEmulatorIsAcceptedOnLoopbackOnly(t *testing.T) {
	server := newKeyServer(t, text(setOf(jwkOf(ourKey(), "CognitoLocal"))))
	clock := newClock()
	const pool = "local_1a2b3c"
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL + "/" + pool + "/.well-known/jwks.json", Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, tokens.Issuer{URLs: []string{server.URL + "/" + pool}, Provider: pool, ClientIDs: []string{client}, Keys: keys})
	token := sign(ourKey(), goodHeader().with(fields{"kid": "CognitoLocal"}).String(), goodClaims(clock.Now()).with(fields{"iss": server.URL + "/" + pool}).String())
	caller, err := v.Verify(t.Context(), domain.NewSecret(token))
	if err != nil || caller.Identity().Provider() != pool {
		t.Errorf("got %v, %v", caller.Identity(), err)
	}
	if _, err := tokens.ParseKeySet([]byte(setOf(jwkOf(ourKey(), "CognitoLocal"))), false); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestCloseEndsAFetchThatHangs(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := newKeyServer(t, func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			close(arrived)
			<-r.Context().Done()
			close(gone)
		})
	})
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
	<-arrived
	for range 2 {
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	}
	<-gone
	if n := server.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestAClosedKeySetKeepsServingItsKeys(t *testing.T) {
	server := newKeyServer(t, text(ourSet()))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	keys.Close()
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	if err := verify(t, v, goodToken(clock.Now(), nil)); err != nil {
		t.Error(err)
	}
	refused(t, v, forged(clock.Now(), 1)[0], "no key with that kid") // and doesn't wait for a fetch
}
