package tokens_test

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// hostileTokens are testdata/hostile/tokens.json: tokens that a single rule refuses
// each, and the configuration of a verifier that accepts the good one.
type hostileTokens struct {
	Now                                        time.Time
	Issuer, Provider, ClientID, KeyID, Subject string
	Key                                        []byte
	Good                                       string
	Rules                                      []struct {
		Name   string
		Tokens []struct{ Name, Token, Reason string }
	}
}

func TestVerifyRefusesHostileTokens(t *testing.T) {
	h := readHostile(t)
	v := h.verifier(t)
	caller, err := v.Verify(t.Context(), domain.NewSecret(h.Good))
	if err != nil || caller.Identity().Subject() != h.Subject {
		t.Fatalf("the token that the others are made from: %v, %v", caller.Identity(), err)
	}
	count := 0
	for _, rule := range h.Rules {
		t.Run(rule.Name, func(t *testing.T) {
			for _, token := range rule.Tokens {
				count++
				t.Run(token.Name, func(t *testing.T) {
					if token.Token == h.Good {
						t.Fatal("this is the valid token")
					}
					refused(t, v, token.Token, token.Reason)
				})
			}
		})
	}
	if count < 120 {
		t.Errorf("only %d tokens were tried", count)
	}
	if n := v.Remembered(); n != 1 {
		t.Errorf("%d tokens are remembered, want the good one only", n)
	}
}

func readHostile(t testing.TB) (h hostileTokens) {
	t.Helper()
	file, err := os.ReadFile("../../testdata/hostile/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h hostileTokens) verifier(t *testing.T) *tokens.Verifier {
	t.Helper()
	key, err := x509.ParsePKIXPublicKey(h.Key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tokens.StaticKeys(h.KeyID, key)
	if err != nil {
		t.Fatal(err)
	}
	return newVerifier(t, func() time.Time { return h.Now }, tokens.Issuer{URLs: []string{h.Issuer}, Provider: h.Provider, ClientIDs: []string{h.ClientID}, Keys: keys})
}
