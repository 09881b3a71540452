package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// provider is an identity provider that publishes keys, and misbehaves on request.
type provider struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []*rsa.PrivateKey // the last one signs
	odd   http.HandlerFunc  // instead of the key set; nil: none
	asked int
}

const (
	poolID   = "eu-central-1_Faults"
	clientID = "faults"
)

func newProvider() *provider {
	p := &provider{}
	p.Server = httptest.NewServer(p)
	p.rotate()
	return p
}

func (p *provider) rotate() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, key)
}

func (p *provider) misbehave(odd http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.odd = odd
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	odd, set := p.odd, p.keySet()
	p.asked++
	p.mu.Unlock()
	if odd != nil {
		odd(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(set)
}

func (p *provider) keySet() []byte {
	var keys []map[string]string
	for i, key := range p.keys {
		keys = append(keys, map[string]string{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": fmt.Sprint("key-", i),
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		})
	}
	set, _ := json.Marshal(map[string]any{"keys": keys}) // of strings
	return set
}

// token returns a token that was issued at the given time, is valid for an hour, and is
// signed by the newest key.
func (p *provider) token(issued time.Time) string {
	p.mu.Lock()
	n := len(p.keys) - 1
	key := p.keys[n]
	p.mu.Unlock()
	header := fmt.Sprintf(`{"alg":"RS256","kid":"key-%d"}`, n)
	claims := fmt.Sprintf(`{"iss":%q,"sub":"somebody","client_id":%q,"token_use":"access","iat":%d,"exp":%d,"jti":%q}`,
		p.URL+"/"+poolID, clientID, issued.Unix(), issued.Add(time.Hour).Unix(), rand.Text())
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err) // a key of ours signs
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (p *provider) good() string { return p.token(time.Now()) }

// withProvider starts the program, which need not become ready, with the
// provider as its user pool.
func (l *testbed) withProvider(ctx context.Context, p *provider) (*server, error) {
	l.closers = append(l.closers, p.Close)
	s, err := l.start(map[string]string{
		"COGNITO_USER_POOL_ID": poolID, "COGNITO_CLIENT_ID": clientID, "COGNITO_ISSUER": p.URL + "/" + poolID, "COGNITO_JWKS_URL": p.URL + "/keys",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": p.URL,
	})
	if err != nil {
		return nil, err
	}
	for began := time.Now(); time.Since(began) < 40*time.Second; time.Sleep(50 * time.Millisecond) {
		if status, _ := s.get(ctx, "/healthz"); status == http.StatusOK {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the program does not start: %s", s.output.String())
}

// statusFor returns the status for a token. It is 400 (name a tenant) if the token is accepted.
func (s *server) statusFor(ctx context.Context, token string) int {
	status, _ := s.get(ctx, "/files/download-url?filename=a", "Authorization: Bearer "+token)
	return status
}

const accepted = http.StatusBadRequest

// recovers waits until a valid token is accepted.
func (s *server) recovers(ctx context.Context, p *provider) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < 60*time.Second {
		if s.statusFor(ctx, p.good()) == accepted {
			return time.Since(began), nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return 0, fmt.Errorf("a good token still gets %d after a minute", s.statusFor(ctx, p.good()))
}

func keysDown(ctx context.Context, bed *testbed) (string, error) {
	p := newProvider()
	p.misbehave(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	s, err := bed.withProvider(ctx, p)
	if err != nil {
		return "", err
	}
	ready, header := s.get(ctx, "/readyz")
	if status := s.statusFor(ctx, p.good()); status != http.StatusServiceUnavailable || ready != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		return "", fmt.Errorf("a good token gets %d, /readyz is %d", status, ready)
	}
	p.misbehave(nil)
	took, err := s.recovers(ctx, p)
	return fmt.Sprintf("503; accepted %.1f s after the keys were there", took.Seconds()), err
}

func keysLying(ctx context.Context, bed *testbed) (string, error) {
	lies := []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {},
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"keys":[]}`) },
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>come back later</html>") },
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 2<<20), `{"keys":[]}`) },
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, `{"keys":[]}`, http.StatusInternalServerError)
		},
	}
	p := newProvider()
	p.misbehave(lies[0])
	s, err := bed.withProvider(ctx, p)
	if err != nil {
		return "", err
	}
	for i, lie := range lies {
		p.misbehave(lie)
		time.Sleep(1500 * time.Millisecond) // until the key set may be fetched again
		if status := s.statusFor(ctx, p.good()); status != http.StatusServiceUnavailable {
			return "", fmt.Errorf("under lie %d a token gets %d", i, status)
		}
	}
	p.misbehave(nil)
	took, err := s.recovers(ctx, p)
	return fmt.Sprintf("503 under %d lies; accepted %.1f s after the truth", len(lies), took.Seconds()), err
}

func keysHanging(ctx context.Context, bed *testbed) (string, error) {
	p := newProvider()
	release := make(chan struct{})
	p.misbehave(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	s, err := bed.withProvider(ctx, p)
	if err != nil {
		close(release)
		return "", err
	}
	began := time.Now()
	status := s.statusFor(ctx, p.good())
	waited := time.Since(began)
	health, _ := s.get(ctx, "/healthz")
	close(release)
	if status != http.StatusServiceUnavailable || waited > 10*time.Second || health != http.StatusOK {
		return "", fmt.Errorf("a token gets %d after %s, /healthz is %d", status, waited, health)
	}
	p.misbehave(nil)
	took, err := s.recovers(ctx, p)
	return fmt.Sprintf("503 after %.1f s; accepted %.1f s after it answered", waited.Seconds(), took.Seconds()), err
}

func keysRotating(ctx context.Context, bed *testbed) (string, error) {
	p := newProvider()
	s, err := bed.withProvider(ctx, p)
	if err != nil {
		return "", err
	}
	if _, err := s.recovers(ctx, p); err != nil {
		return "", err
	}
	tokens := 0
	for range 3 {
		p.rotate()
		for until := time.Now().Add(11 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
			tokens++
			if status := s.statusFor(ctx, p.good()); status != accepted {
				return "", fmt.Errorf("token %d, a good one, gets %d", tokens, status)
			}
		}
	}
	return fmt.Sprintf("%d tokens by 4 keys were accepted; the key set was fetched %d times", tokens, p.asked), nil
}

func clockOff(ctx context.Context, bed *testbed) (string, error) {
	p := newProvider()
	s, err := bed.withProvider(ctx, p)
	if err != nil {
		return "", err
	}
	if _, err := s.recovers(ctx, p); err != nil {
		return "", err
	}
	ahead := s.statusFor(ctx, p.token(time.Now().Add(5*time.Minute)))
	over := s.statusFor(ctx, p.token(time.Now().Add(-65*time.Minute)))
	behind := s.statusFor(ctx, p.token(time.Now().Add(-5*time.Minute)))
	if ahead != http.StatusUnauthorized || over != http.StatusUnauthorized || behind != accepted {
		return "", fmt.Errorf("ahead %d, over %d, behind %d", ahead, over, behind)
	}
	return "401 and 401; an issuer 5 minutes behind is accepted", nil
}
