package tokens

import (
	"fmt"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// Issuer is an issuer whose tokens are accepted.
type Issuer struct {
	// URLs are the forms that "iss" may have, each compared byte for byte. An http URL,
	// and one of an emulator's pool, must be on loopback.
	URLs []string

	// Provider is the provider's part of the identities that the issuer vouches for.
	Provider string

	// ClientIDs are the applications whose tokens are accepted.
	ClientIDs []string

	// Keys are the keys of this issuer, and of no other.
	Keys KeySource
}

// CognitoURLs returns the two forms of issuer that tokens of a Cognito pool may have.
func CognitoURLs(region, poolID string) []string {
	domain := domainOf(region)
	return []string{
		"https://cognito-idp." + region + "." + domain + "/" + poolID,
		"https://issuer-cognito-idp." + region + "." + domain + "/" + poolID,
	}
}

// partitions lists the parts of AWS whose services have a domain of their own, by the
// prefix of their regions.
var partitions = []struct{ region, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"us-iso-", "c2s.ic.gov"},
}

// domainOf returns the domain of AWS's services in a region.
func domainOf(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p.domain
		}
	}
	return "amazonaws.com"
}

// byURL checks the issuers and returns them by their URLs.
func byURL(issuers []Issuer) (map[string]*Issuer, error) {
	if len(issuers) == 0 {
		return nil, domain.Invalidf("issuers", "a verifier needs at least one issuer")
	}
	filed := make(map[string]*Issuer)
	for _, issuer := range issuers {
		if err := issuer.check(); err != nil {
			return nil, err
		}
		for _, u := range issuer.URLs {
			if _, taken := filed[u]; taken {
				return nil, domain.Invalidf("issuers", "two issuers are called %q", u)
			}
			filed[u] = &issuer
		}
	}
	return filed, nil
}

func (i *Issuer) check() error {
	if len(i.URLs) == 0 || slices.Contains(i.URLs, "") {
		return domain.Invalidf("issuers", "an issuer needs a URL")
	}
	if _, err := domain.NewIdentity(i.Provider, "subject"); err != nil {
		return domain.Invalidf("issuers", "the issuer %q needs a provider name of 1 to %d bytes", i.URLs[0], domain.MaxIdentityPartLen)
	}
	if len(i.ClientIDs) == 0 || slices.Contains(i.ClientIDs, "") {
		return domain.Invalidf("issuers", "the issuer %q needs the IDs of the clients whose tokens are accepted", i.URLs[0])
	}
	if i.Keys == nil {
		return domain.Invalidf("issuers", "the issuer %q needs keys", i.URLs[0])
	}
	for _, u := range i.URLs {
		plain := strings.HasPrefix(strings.ToLower(u), "http:")
		if (plain || isEmulated(u) || isEmulated(i.Provider)) && !onLoopback(u) {
			return domain.Invalidf("issuers", "the issuer %q must be https, and an emulator must be on loopback", u)
		}
	}
	return nil
}

func (i *Issuer) checkClient(claims object) error {
	id, _ := claims["client_id"].(string)
	if !slices.Contains(i.ClientIDs, id) {
		return fmt.Errorf("client_id is %s, which is not an accepted client", show(claims["client_id"]))
	}
	return nil
}

func (i *Issuer) identityOf(claims object) (domain.Identity, error) {
	sub, _ := claims["sub"].(string)
	identity, err := domain.NewIdentity(i.Provider, strings.Clone(sub)) // else it keeps the payload alive
	if err != nil {
		return domain.Identity{}, fmt.Errorf("sub is not a string of 1 to %d bytes without control characters: %w", domain.MaxIdentityPartLen, err)
	}
	return identity, nil
}
