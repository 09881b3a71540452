package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"
)

const (
	poolID = "eu-central-1_AbCdEfGhI"
	issURL = "https://cognito-idp.eu-central-1.amazonaws.com/" + poolID
	client = "1example23456789"
	userID = "2c0a6a1c-7b3b-4a55-9f5e-0a6f3c1f0b1d"
	keyID  = "abcDEF123+/=_.-"
)

var (
	now              = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	ourKey, otherKey = newKey(2048), newKey(2048)
)

func newKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// claimSet is a header or a payload. A json.RawMessage is written unchanged.
type claimSet map[string]any

// absent, as a value, removes a field.
var absent = new(struct{})

func (f claimSet) with(changes claimSet) claimSet {
	changed := make(claimSet)
	for _, from := range []claimSet{f, changes} {
		for name, value := range from {
			changed[name] = value
			if value == absent {
				delete(changed, name)
			}
		}
	}
	return changed
}

func (f claimSet) String() string {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func goodHeader() claimSet { return claimSet{"alg": "RS256", "kid": keyID} }

func goodClaims() claimSet {
	return claimSet{
		"sub": userID, "iss": issURL, "client_id": client, "token_use": "access", "username": userID,
		"scope": "aws.cognito.signin.user.admin", "cognito:groups": []string{"a", "b"},
		"auth_time": now.Unix() - 60, "iat": now.Unix() - 60, "exp": now.Unix() + 3600, "jti": "7c0a6a1c",
	}
}

func encode[T string | []byte](part T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(part))
}

// sign makes a token of any two texts.
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

// goodToken returns a token that is valid now, except for the changes.
func goodToken(changes claimSet) string {
	return sign(ourKey, goodHeader().String(), goodClaims().with(changes).String())
}

func jwkOf(key *rsa.PrivateKey, kid string) claimSet {
	return claimSet{
		"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}
