package tokens_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// BenchmarkRawRSA is the lower bound: one signature, with a digest computed before.
func BenchmarkRawRSA(b *testing.B) {
	parts := strings.Split(goodToken(time.Now(), nil), ".")
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		b.Fatal(err)
	}
	public := &ourKey().PublicKey
	b.ReportAllocs()
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirst is a token that is not in the cache.
func BenchmarkFirst(b *testing.B) {
	v, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{ourIssuer(staticKeys(b, keyID, ourKey()))}, CacheSize: 1})
	if err != nil {
		b.Fatal(err)
	}
	all := make([]domain.Secret, 1024) // far more than the cache holds
	for i := range all {
		all[i] = domain.NewSecret(goodToken(time.Now(), fields{"jti": fmt.Sprint(i)}))
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), all[n%len(all)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkCached is a token of about a kilobyte from the cache, with the keys of a
// key set.
func BenchmarkCached(b *testing.B) {
	v, token := remembered(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCachedParallel is the same token on all cores: every request uses one
// lock.
func BenchmarkCachedParallel(b *testing.B) {
	v, token := remembered(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func remembered(b *testing.B) (*tokens.Verifier, domain.Secret) {
	server := httptest.NewServer(text(ourSet()))
	b.Cleanup(server.Close)
	keys, err := tokens.NewKeySet(tokens.KeySetConfig{URL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { keys.Close() })
	for keys.Ready(b.Context()) != nil {
		time.Sleep(time.Millisecond)
	}
	v := newVerifier(b, nil, ourIssuer(keys))
	token := domain.NewSecret(goodToken(time.Now(), fields{"padding": strings.Repeat("x", 128)}))
	if _, err := v.Verify(b.Context(), token); err != nil {
		b.Fatal(err)
	}
	return v, token
}
