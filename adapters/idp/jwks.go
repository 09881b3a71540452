package idp

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
)

// jwk is an RSA public key in the form of RFC 7517 and RFC 7518, section 6.3.1.
type jwk struct {
	KeyType   string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

func publicJWK(key *rsa.PublicKey) jwk {
	n := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
	e := base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
	return jwk{KeyType: "RSA", Use: "sig", Algorithm: "RS256", KeyID: thumbprint(n, e), Modulus: n, Exponent: e}
}

// thumbprint returns the name of an RSA key by RFC 7638, section 3.
func thumbprint(n, e string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"e":%q,"kty":"RSA","n":%q}`, e, n))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// keySet encodes the JWK Set of RFC 7517, section 5.
func keySet(key jwk) []byte {
	set, err := json.Marshal(map[string][]jwk{"keys": {key}})
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return set
}

// JWKS returns the public keys as a JWK Set (RFC 7517).
func (k *Keys) JWKS() []byte { return bytes.Clone(k.jwks) }

// JWKSHandler serves [Keys.JWKS] to all clients that verify tokens. The answer is always
// the whole set: headers that ask for a range or for a change do not count.
func (k *Keys) JWKSHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", "application/jwk-set+json") // RFC 7517, section 8.5.2
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Header().Set("Content-Length", strconv.Itoa(len(k.jwks)))
		_, _ = w.Write(k.jwks) // net/http drops it for HEAD
	})
}
