package tokens_test

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/logbuffer"
	"github.com/partywall-go/partywall/adapters/tokens"
)

var shortKey = sync.OnceValue(func() fields { return jwkOf(newKey(1024), "short") })

func ecKey(kid string) fields {
	return fields{
		"kty": "EC", "crv": "P-256", "kid": kid,
		"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
	}
}

// badAnswers are answers that a key set must not be replaced by.
func badAnswers(good string) []struct {
	name   string
	answer http.HandlerFunc
	reason string
} {
	ours := jwkOf(ourKey(), keyID)
	return []struct {
		name   string
		answer http.HandlerFunc
		reason string
	}{
		{"an error", status(http.StatusInternalServerError), "500"},
		{"nothing found", status(http.StatusNotFound), "404"},
		{"no content", status(http.StatusNoContent), "204"},
		{"a part", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusPartialContent)
			text(ourSet())(w, r)
		}, "206"},
		{"a redirect", http.RedirectHandler(good, http.StatusFound).ServeHTTP, "302"},
		{"nothing", text(""), "not a JSON object"},
		{"HTML", text("<html><body>Welcome to our Wi-Fi</body></html>"), "not a JSON object"},
		{"half a set", text(ourSet()[:100]), "at byte"},
		{"half an answer", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "9999")
			text(ourSet())(w, r)
		}, "EOF"},
		{"two sets", text(ourSet() + ourSet()), "something follows the object"},
		{"a name twice", text(`{"keys":[],` + ourSet()[1:]), "keys is given twice"},
		{"2 MiB", text(ourSet() + strings.Repeat(" ", 2<<20)), "more than 262144 bytes"},
		{"a byte over 256 KiB", text(ourSet() + strings.Repeat(" ", 256<<10+1-len(ourSet()))), "more than 262144 bytes"},
		{"a list", text("[" + ours.String() + "]"), "not a JSON object"},
		{"no keys", text("{}"), "keys is not a list"},
		{"keys null", text(`{"keys":null}`), "keys is not a list"},
		{"an empty set", text(`{"keys":[]}`), "no key may sign"},
		{"a key that is not an object", text(`{"keys":["x"]}`), "a key is not an object"},
		{"two keys of one ID", text(setOf(ours, jwkOf(otherKey(), keyID))), "two keys have the ID"},
		{"two keys of one ID, one of another kind", text(setOf(ours, ecKey(keyID))), "two keys have the ID"},
		{"a private key", text(setOf(ours.with(fields{"d": "AQAB"}))), "private member d"},
		{"a prime", text(setOf(ours.with(fields{"p": "AQAB"}))), "private member p"},
		{"a private key beside a good one", text(setOf(ours, ecKey("ec").with(fields{"d": "AQAB"}))), "private member d"},
		{"a secret beside a good one", text(setOf(ours, fields{"kty": "oct", "k": "c2VjcmV0"})), "private member k"},
		{"other kinds of key", text(setOf(ecKey("ec"), fields{"kty": "XYZ", "kid": "xyz"}, fields{"kid": "none"})), "no key may sign"},
		{"a key of 1024 bits", text(setOf(shortKey())), "no key may sign"},
		{"a key for encryption", text(setOf(ours.with(fields{"use": "enc"}))), "no key may sign"},
		{"a key for RS512", text(setOf(ours.with(fields{"alg": "RS512"}))), "no key may sign"},
		{"a key that may only sign", text(setOf(ours.with(fields{"key_ops": []string{"sign"}}))), "no key may sign"},
		{"a key without an ID", text(setOf(ours.with(fields{"kid": absent}))), "no key may sign"},
		{"a key with an ID that no token may have", text(setOf(ours.with(fields{"kid": "a b"}))), "no key may sign"},
		{"a key without a modulus", text(setOf(ours.with(fields{"n": absent}))), "no key may sign"},
		{"a key whose modulus is a number", text(setOf(ours.with(fields{"n": 1}))), "no key may sign"},
		{"a key without an exponent", text(setOf(ours.with(fields{"e": ""}))), "no key may sign"},
	}
}

func TestABadKeySetIsIgnored(t *testing.T) {
	good := newKeyServer(t, text(ourSet()))
	for _, bad := range badAnswers(good.URL) {
		t.Run(bad.name+", at first", func(t *testing.T) {
			server := newKeyServer(t, bad.answer)
			synctest.Test(t, func(t *testing.T) {
				keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
				time.Sleep(time.Second / 2)
				err := keys.Ready(t.Context())
				unavailable(t, err)
				if err == nil || !strings.Contains(err.Error(), bad.reason) {
					t.Errorf("the reason is %v, not %q", err, bad.reason)
				}
			})
		})
		t.Run(bad.name+", after a good one", func(t *testing.T) {
			server := newKeyServer(t, text(ourSet()))
			synctest.Test(t, func(t *testing.T) {
				keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL})
				v := newVerifier(t, time.Now, ourIssuer(keys))
				time.Sleep(time.Second)
				server.answers(bad.answer)
				time.Sleep(time.Hour)
				if age, _ := keys.Age(); age < 59*time.Minute {
					t.Errorf("it was accepted: the set's age is %v", age)
				}
				if err := verify(t, v, goodToken(time.Now(), nil)); err != nil {
					t.Errorf("the good set was lost: %v", err)
				}
			})
		})
	}
	if n := good.fetches.Load(); n != 0 {
		t.Errorf("the redirect was followed %d times", n)
	}
}

func TestAGoodKeyIsFoundAmongOthers(t *testing.T) {
	ours := jwkOf(ourKey(), keyID)
	for name, set := range map[string]string{
		"as Cognito's":           setOf(jwkOf(otherKey(), "other"), ours),
		"unknown members":        fields{"keys": []fields{ours.with(fields{"x5t": "x", "foo": []any{1, fields{}}})}, "bar": true}.String(),
		"without use and alg":    setOf(ours.with(fields{"use": absent, "alg": absent})),
		"that may verify":        setOf(ours.with(fields{"key_ops": []string{"sign", "verify"}})),
		"that are of no use":     setOf(shortKey(), ecKey("ec"), fields{"kty": "XYZ"}, fields{}, fields{"kid": 5}, jwkOf(otherKey(), "enc").with(fields{"use": "enc"}), ours),
		"that have no ID":        setOf(ours, ecKey("").with(fields{"kid": absent}), ecKey("").with(fields{"kid": absent})),
		"of a size of 256 KiB":   ourSet() + strings.Repeat(" ", 256<<10-len(ourSet())),
		"whose IDs are alike":    setOf(ours, jwkOf(otherKey(), strings.ToLower(keyID))),
		"that is in other order": `{"keys":[` + ours.String() + `],"kid":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := newKeyServer(t, text(set))
			clock := newClock()
			keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
			awaitReady(t, keys)
			if err := verify(t, newVerifier(t, clock.Now, ourIssuer(keys)), goodToken(clock.Now(), nil)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnUnusableKeyVerifiesNothing(t *testing.T) {
	server := newKeyServer(t, text(setOf(jwkOf(ourKey(), keyID), jwkOf(otherKey(), "enc").with(fields{"use": "enc"}), jwkOf(otherKey(), "rs512").with(fields{"alg": "RS512"}))))
	clock := newClock()
	keys := newKeySet(t, tokens.KeySetConfig{URL: server.URL, Now: clock.Now})
	awaitReady(t, keys)
	v := newVerifier(t, clock.Now, ourIssuer(keys))
	for _, kid := range []string{"enc", "rs512"} {
		refused(t, v, sign(otherKey(), goodHeader().with(fields{"kid": kid}).String(), goodClaims(clock.Now()).String()), "no key with that kid")
	}
}

// A provider that sends its answer byte by byte has two seconds in all.
func TestASlowKeySetIsIgnored(t *testing.T) {
	t.Parallel()
	var log logbuffer.Buffer
	server := newKeyServer(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	start := time.Now()
	newKeySet(t, tokens.KeySetConfig{URL: server.URL, Log: slog.New(slog.NewTextHandler(&log, nil))})
	eventually(t, "the fetch is given up", func() bool { return strings.Contains(log.String(), "deadline exceeded") })
	if took := time.Since(start); took < 1900*time.Millisecond {
		t.Errorf("it was given up after %v", took)
	}
}

func TestAFailureIsLoggedOnce(t *testing.T) {
	var log logbuffer.Buffer
	server := newKeyServer(t, status(http.StatusBadGateway))
	synctest.Test(t, func(t *testing.T) {
		newKeySet(t, tokens.KeySetConfig{URL: server.URL, Log: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(time.Minute)
		server.answers(text(ourSet()))
		time.Sleep(time.Hour)
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "level=WARN") || !strings.Contains(lines[0], "502") || !strings.Contains(lines[1], "level=INFO") {
		t.Errorf("the log is\n%s", log.String())
	}
}
