package tokens_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
)

const (
	poolID = "eu-central-1_AbCdEfGhI"
	issURL = "https://cognito-idp.eu-central-1.amazonaws.com/" + poolID
	client = "1example23456789"
	userID = "2c0a6a1c-7b3b-4a55-9f5e-0a6f3c1f0b1d"
	keyID  = "abcDEF123+/=_.-"
)

// The keys of these tests, made once because that takes a while.
var (
	ourKey   = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
)

func newKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// clock is a clock that stands still until it is moved.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.nanos.Add(int64(d)) }

// fields are a header's or a payload's. A json.RawMessage is written as it is.
type fields map[string]any

// absent, as a value, removes a field.
var absent = new(struct{})

func (f fields) with(changes fields) fields {
	changed := make(fields)
	for _, from := range []fields{f, changes} {
		for name, value := range from {
			changed[name] = value
			if value == absent {
				delete(changed, name)
			}
		}
	}
	return changed
}

func (f fields) String() string {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func goodHeader() fields { return fields{"alg": "RS256", "kid": keyID} }

func goodClaims(now time.Time) fields {
	return fields{
		"sub": userID, "iss": issURL, "client_id": client, "token_use": "access", "username": userID,
		"scope": "aws.cognito.signin.user.admin", "cognito:groups": []string{"a", "b"},
		"auth_time": now.Unix() - 60, "iat": now.Unix() - 60, "exp": now.Unix() + 3600, "jti": "7c0a6a1c",
	}
}

func encode[T string | []byte](part T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(part))
}

// sign makes a token of two texts, valid or not.
func sign(key *rsa.PrivateKey, header, payload string) string {
	return signParts(key, encode(header), encode(payload))
}

func signParts(key *rsa.PrivateKey, header, payload string) string {
	input := header + "." + payload
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(signature)
}

// goodToken is a token that every rule accepts at now, except for the claims'
// changes.
func goodToken(now time.Time, changes fields) string {
	return sign(ourKey(), goodHeader().String(), goodClaims(now).with(changes).String())
}

// newVerifier accepts ourKey as keyID, unless the issuer says otherwise.
func newVerifier(t testing.TB, now func() time.Time, issuers ...tokens.Issuer) *tokens.Verifier {
	t.Helper()
	if len(issuers) == 0 {
		issuers = []tokens.Issuer{ourIssuer(staticKeys(t, keyID, ourKey()))}
	}
	v, err := tokens.New(tokens.Config{Issuers: issuers, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ourIssuer(keys tokens.KeySource) tokens.Issuer {
	return tokens.Issuer{URLs: []string{issURL}, Provider: poolID, ClientIDs: []string{client}, Keys: keys}
}

func staticKeys(t testing.TB, kid string, key *rsa.PrivateKey) tokens.KeySource {
	t.Helper()
	keys, err := tokens.StaticKeys(kid, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func verify(t testing.TB, v *tokens.Verifier, token string) error {
	t.Helper()
	_, err := v.Verify(t.Context(), domain.NewSecret(token))
	return err
}
