package tokens

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// refusedHeaders change how a token is read, or contain keys that no issuer confirms
// (RFC 7515, section 4.1; RFC 8725, section 3.10).
var refusedHeaders = [...]string{"crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c", "cty"}

func checkHeader(header object) error {
	if header["alg"] != "RS256" {
		return fmt.Errorf("alg is %s, not RS256", show(header["alg"]))
	}
	if typ, given := header["typ"]; given && typ != "JWT" {
		return fmt.Errorf("typ is %s, not JWT", show(typ))
	}
	for _, name := range refusedHeaders {
		if _, given := header[name]; given {
			return fmt.Errorf("the header has %s", name)
		}
	}
	return nil
}

const maxKeyIDLen = 128

var errKeyID = fmt.Errorf("kid is not a string of 1 to %d of A-Z a-z 0-9 + / = _ . -", maxKeyIDLen)

func keyID(header object) (string, error) {
	kid, _ := header["kid"].(string)
	if !validKeyID(kid) {
		return "", errKeyID
	}
	return kid, nil
}

func validKeyID(kid string) bool {
	if kid == "" || len(kid) > maxKeyIDLen {
		return false
	}
	for _, c := range []byte(kid) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '+', c == '/', c == '=', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

func (v *Verifier) issuerOf(claims object) (*Issuer, error) {
	iss, _ := claims["iss"].(string)
	issuer, known := v.issuers[iss]
	if !known {
		return nil, fmt.Errorf("iss is %s, which is not an accepted issuer", show(claims["iss"]))
	}
	return issuer, nil
}

// rs256 uses one algorithm, whatever a header says.
var rs256 = domain.Must(jws.NewVerifier(jwa.RS256))

func checkSignature(p parts, key *publicKey) error {
	if err := rs256.Verify([]byte(p.signed), p.signature, key.rsa); err != nil {
		return fmt.Errorf("the signature is not by key %q: %w", key.id, err)
	}
	return nil
}

const maxSkew = 60 * time.Second // of the issuer's clock ahead of ours

// checkTimes returns when the token expires. The expiry has no leeway.
func checkTimes(claims object, now time.Time) (expiresAt time.Time, err error) {
	expiresAt, err = date(claims, "exp")
	if err != nil {
		return time.Time{}, err
	}
	issuedAt, err := date(claims, "iat")
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case !expiresAt.After(now):
		return time.Time{}, fmt.Errorf("it expired at %s", expiresAt.Format(time.RFC3339))
	case !issuedAt.Before(expiresAt):
		return time.Time{}, errors.New("iat is not before exp")
	case expiresAt.Sub(issuedAt) > ports.MaxTokenLife:
		return time.Time{}, fmt.Errorf("it lives longer than %v", ports.MaxTokenLife)
	}
	for _, name := range [...]string{"iat", "nbf", "auth_time"} {
		if _, given := claims[name]; !given {
			continue
		}
		at, err := date(claims, name)
		if err != nil {
			return time.Time{}, err
		}
		if at.After(now.Add(maxSkew)) {
			return time.Time{}, fmt.Errorf("%s is in the future: %s", name, at.Format(time.RFC3339))
		}
	}
	return expiresAt, nil
}

const endOfTime = 253_402_300_800 // the year 10000, where RFC 3339 ends

// date reads a NumericDate (RFC 7519, section 2): seconds, of which a fraction is legal.
func date(claims object, name string) (time.Time, error) {
	number, ok := claims[name].(json.Number)
	if !ok {
		return time.Time{}, fmt.Errorf("%s is not a number", name)
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds >= endOfTime {
		return time.Time{}, fmt.Errorf("%s is out of range", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
}

func checkUse(claims object) error {
	if claims["token_use"] != "access" {
		return fmt.Errorf("token_use is %s, not access", show(claims["token_use"]))
	}
	return nil
}

// show quotes a value of the token for the operator. The values that the rules
// compare are not secret, but may be anything.
func show(value any) string {
	switch value := value.(type) {
	case nil:
		return "absent"
	case string:
		return fmt.Sprintf("%.200q", value)
	default:
		return fmt.Sprintf("a %T", value)
	}
}
