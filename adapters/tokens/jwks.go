package tokens

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwk"

	"github.com/partywall-go/partywall/adapters/internal/strictjson"
)

// privateMembers are the parameters of private and symmetric keys (RFC 7518, section
// 6). A published private key is compromised.
var privateMembers = [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// parseKeySet reads a JWK Set (RFC 7517, section 5) and keeps the keys that may sign
// with RS256. It refuses a set that has none of them, uses one ID for two keys,
// publishes a private key, or, without emulator, has the key of an emulator.
func parseKeySet(data []byte, emulator bool) (map[string]*publicKey, error) {
	set, err := strictjson.Parse(data, maxDepth)
	if err != nil {
		return nil, err
	}
	members, ok := set["keys"].([]any)
	if !ok {
		return nil, errors.New("keys is not a list")
	}
	keys := make(map[string]*publicKey)
	seen := make(map[string]bool)
	for _, member := range members {
		member, ok := member.(map[string]any)
		if !ok {
			return nil, errors.New("a key is not an object")
		}
		if err := checkPublic(member); err != nil {
			return nil, err
		}
		kid, named := member["kid"].(string)
		switch {
		case !named:
			continue
		case seen[kid]:
			return nil, fmt.Errorf("two keys have the ID %.200q", kid)
		case kid == emulatorKeyID && !emulator:
			return nil, errors.New("an emulator's key is accepted on loopback only")
		}
		seen[kid] = true
		if key, ok := signingKey(member); ok && validKeyID(kid) {
			keys[kid] = &publicKey{kid, key}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no key may sign with RS256")
	}
	return keys, nil
}

func checkPublic(member object) error {
	for _, name := range privateMembers {
		if _, given := member[name]; given {
			return fmt.Errorf("a key has the private member %s", name)
		}
	}
	return nil
}

// signingKey returns the member's RSA key, unless it is of another kind, for another
// use, or of a size that is not used.
func signingKey(member object) (*rsa.PublicKey, bool) {
	if member["kty"] != "RSA" || !allows(member, "use", "sig") || !allows(member, "alg", "RS256") {
		return nil, false
	}
	if operations, given := member["key_ops"]; given {
		if list, ok := operations.([]any); !ok || !slices.Contains(list, any("verify")) {
			return nil, false
		}
	}
	text, err := json.Marshal(object{"kty": "RSA", "n": member["n"], "e": member["e"]})
	if err != nil {
		return nil, false
	}
	parsed, err := jwk.ParseKey(text)
	if err != nil {
		return nil, false
	}
	key := new(rsa.PublicKey)
	if err := parsed.Raw(key); err != nil || !usable(key) {
		return nil, false
	}
	return key, true
}

// allows reports whether the member leaves name open or sets it to want.
func allows(member object, name, want string) bool {
	value, given := member[name]
	return !given || value == want
}
