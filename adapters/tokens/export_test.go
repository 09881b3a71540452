package tokens

import "github.com/partywall-go/partywall/domain"

// What tests outside the package use.
var (
	ParseKeySet  = parseKeySet
	DialLoopback = dialLoopback
)

// Read returns the token's header and claims.
func Read(token string) (header, claims map[string]any, err error) {
	p, err := read(token)
	return p.header, p.claims, err
}

// Remembered returns how many tokens the verifier's cache holds.
func (v *Verifier) Remembered() int {
	n := 0
	for i := range v.cache {
		n += len(v.cache[i].entries)
	}
	return n
}

// Remembers reports whether the verifier would accept token from its cache.
func (v *Verifier) Remembers(token domain.Secret) bool {
	seen, ok := v.cache.get(token.Hash())
	return ok && seen.stands(v.now())
}
