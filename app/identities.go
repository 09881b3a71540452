package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/argon2"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/ports"
)

// signIn contains what an identity provider supplies: one part signs users in, the other
// verifies their tokens.
type signIn struct {
	provider ports.IdentityProvider
	verifier ports.TokenVerifier
	keys     ports.Dependency            // the keys that verify tokens
	fetched  func(context.Context) error // waits until they were fetched, or fetching failed
	jwks     http.Handler                // nil if another server publishes them
}

// unconfirmedSweepInterval is how often accounts that were not confirmed in time are
// removed. They live for days.
const unconfirmedSweepInterval = time.Hour

func (p *Partywall) sweepAccounts(provider *idp.Provider) func(context.Context) error {
	return func(ctx context.Context) error {
		n, err := provider.Sweep(ctx)
		if n > 0 {
			p.config.logger().Info("removed accounts whose address was not confirmed in time", "count", n)
		}
		return err
	}
}

func (p *Partywall) openIdentities(users ports.UserStore, mail ports.Notifier, secrets *idp.Keys, cloud aws.Config) (signIn, error) {
	if p.usesCognito() {
		return p.openCognito(cloud)
	}
	provider, err := idp.New(idp.Config{
		Users:               users,
		Mail:                mail,
		Keys:                secrets,
		Hasher:              p.config.hasher(),
		ClientID:            idp.ClientID,
		RequireConfirmation: p.config.RequireConfirmation,
		Logger:              p.config.logger(),
	})
	if err != nil {
		return signIn{}, err
	}
	keys, err := tokens.StaticKeys(secrets.KeyID(), secrets.PublicKey())
	if err != nil {
		return signIn{}, err
	}
	verifier, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{{
		URLs: []string{idp.Issuer}, Provider: idp.ProviderName, ClientIDs: []string{idp.ClientID}, Keys: keys,
	}}})
	if err != nil {
		return signIn{}, err
	}
	p.describe("identities", "built in", true)
	p.tasks.Every(unconfirmedSweepInterval, p.sweepAccounts(provider))
	return signIn{provider, verifier, alwaysReady{}, func(context.Context) error { return nil }, secrets.JWKSHandler()}, nil
}

// hasher returns the hasher of the built-in identities. With Memory, the hashes are lost
// with the program, so a fast hasher suffices.
func (c Config) hasher() idp.Hasher {
	switch {
	case c.Hasher != nil:
		return c.Hasher
	case c.Memory:
		return memory.Hasher{}
	}
	return argon2.New(argon2.Config{})
}

// confirmsUnseen reports whether the built-in identities count every address as
// confirmed, without a code.
func (p *Partywall) confirmsUnseen() bool { return !p.usesCognito() && !p.config.RequireConfirmation }

func (p *Partywall) usesCognito() bool { return !p.config.Memory && p.config.Cognito.PoolID != "" }

func (p *Partywall) openCognito(cloud aws.Config) (signIn, error) {
	c := p.config.Cognito
	keys, err := tokens.NewKeySet(p.keySetConfig())
	if err != nil {
		return signIn{}, fmt.Errorf("COGNITO_JWKS_URL: %w", err)
	}
	p.closes(keys.Close)
	verifier, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{{
		URLs: issuerURLs(c), Provider: c.PoolID, ClientIDs: append([]string{c.ClientID}, c.ExtraClientIDs...), Keys: keys,
	}}})
	if err != nil {
		return signIn{}, fmt.Errorf("COGNITO_ISSUER: %w", err)
	}
	provider := cognito.New(p.cognitoConfig(cloud))
	p.describe("identities", "Cognito, pool "+c.PoolID, false)
	return signIn{provider, verifier, keys, keys.AwaitFirst, nil}, nil
}

func (p *Partywall) cognitoConfig(cloud aws.Config) cognito.Config {
	c := p.config.Cognito
	cloud.Region = cmp.Or(regionOfPool(c.PoolID), cloud.Region)
	return cognito.Config{PoolID: c.PoolID, ClientID: c.ClientID, ClientSecret: c.ClientSecret, AWS: cloud, Logger: p.config.logger()}
}

func (p *Partywall) keySetConfig() tokens.KeySetConfig {
	return tokens.KeySetConfig{URL: p.config.Cognito.JWKSURL, Proxy: http.ProxyFromEnvironment, Log: p.config.logger()}
}

// issuerURLs returns the forms of the pool's issuer: both, if it is AWS's own.
func issuerURLs(c Cognito) []string {
	both := tokens.CognitoURLs(regionOfPool(c.PoolID), c.PoolID)
	if slices.Contains(both, c.Issuer) {
		return both
	}
	return []string{c.Issuer}
}

// openKeys returns the secrets of the built-in parts.
func (p *Partywall) openKeys() (*idp.Keys, error) {
	if p.config.Keys != nil {
		return p.config.Keys, nil
	}
	if p.config.Memory {
		return idp.NewKeys()
	}
	if p.usesCognito() && p.config.S3.Bucket != "" {
		return nil, nil // no built-in part needs one
	}
	return idp.OpenKeys(filepath.Join(p.config.DataDir, "keys"))
}

// alwaysReady is a dependency inside the program.
type alwaysReady struct{}

func (alwaysReady) Ready(context.Context) error { return nil }
