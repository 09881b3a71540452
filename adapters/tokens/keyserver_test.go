package tokens_test

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/adapters/tokens"
)

// keyServer publishes a key set on loopback, and counts its requests.
type keyServer struct {
	*httptest.Server
	fetches atomic.Int64
	busy    atomic.Int64
	twice   atomic.Bool

	mu     sync.Mutex
	answer http.HandlerFunc
}

func newKeyServer(t *testing.T, answer http.HandlerFunc) *keyServer {
	s := &keyServer{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// oneAtATime fails if two requests were ever served at once.
func (s *keyServer) oneAtATime(t *testing.T) {
	t.Helper()
	if s.twice.Load() {
		t.Error("two fetches were under way at once")
	}
}

func (s *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.fetches.Add(1)
	if s.busy.Add(1) > 1 {
		s.twice.Store(true)
	}
	defer s.busy.Add(-1)
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	answer(w, r)
}

// answers sets the answer to requests from now on.
func (s *keyServer) answers(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func setOf(keys ...fields) string { return fields{"keys": keys}.String() }

func ourSet() string { return setOf(jwkOf(ourKey(), keyID)) }

func jwkOf(key *rsa.PrivateKey, kid string) fields {
	return fields{
		"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

func newKeySet(t *testing.T, cfg tokens.KeySetConfig) *tokens.KeySet {
	t.Helper()
	keys, err := tokens.NewKeySet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}
