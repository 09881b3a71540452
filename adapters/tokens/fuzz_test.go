package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

// What the reader accepts has one spelling: its parts, decoded and encoded again, are
// the token; and its objects, written and read again, are the same.
func FuzzRead(f *testing.F) {
	for _, rule := range readHostile(f).Rules {
		for _, token := range rule.Tokens {
			f.Add(token.Token)
		}
	}
	f.Add(goodToken(newClock().Now(), nil))
	f.Fuzz(func(t *testing.T, token string) {
		header, claims, err := tokens.Read(token)
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		if len(token) > 16<<10 || len(parts) != 3 {
			t.Fatalf("it has %d bytes and %d parts", len(token), len(parts))
		}
		for i, part := range parts {
			if decoded, err := base64.RawURLEncoding.DecodeString(part); err != nil || encode(decoded) != part || part == "" {
				t.Errorf("part %d, %q, is encoded as %q: %v", i, part, encode(decoded), err)
			}
		}
		for _, object := range []map[string]any{header, claims} {
			written, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := strictjson.Parse(written, 8); err != nil || !reflect.DeepEqual(again, object) {
				t.Errorf("%s is read as %v: %v", written, again, err)
			}
		}
	})
}

// Only the holder of the key is accepted, whatever others sign.
func FuzzVerify(f *testing.F) {
	clock := newClock()
	f.Add(goodHeader().String(), goodClaims(clock.Now()).String())
	f.Add(goodHeader().with(fields{"alg": "none"}).String(), goodClaims(clock.Now()).String())
	v := newVerifier(f, clock.Now)
	f.Fuzz(func(t *testing.T, header, payload string) {
		_, err := v.Verify(t.Context(), domain.NewSecret(sign(otherKey(), header, payload)))
		if !errors.Is(err, domain.CodeInvalidToken) {
			t.Errorf("got %v", err)
		}
	})
}

// Whatever is published, only keys that may be used are kept.
func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(ourSet()))
	f.Add([]byte(setOf(shortKey(), ecKey("ec"), jwkOf(ourKey(), keyID))))
	f.Add([]byte(setOf(jwkOf(ourKey(), "CognitoLocal"))))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := tokens.ParseKeySet(data, false)
		if err == nil && len(keys) == 0 {
			t.Error("a set without keys is taken")
		}
		for kid := range keys {
			if kid == "" || kid == "CognitoLocal" || len(kid) > 128 {
				t.Errorf("a key has the ID %q", kid)
			}
		}
	})
}
