package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// withRegistry runs work on the configured database, as the operator.
func withRegistry(ctx context.Context, c console, work func(r *app.Registry) error) error {
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	registry, err := app.OpenRegistry(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	return errors.Join(work(registry), registry.Close())
}

// userOf returns the identity with a "sub". If the user cannot be looked up, it prints
// that the user was not checked.
func userOf(ctx context.Context, c console, r *app.Registry, sub string) (domain.Identity, error) {
	identity, found, err := r.Identity(ctx, sub)
	if err != nil {
		return domain.Identity{}, err
	}
	if !found {
		fmt.Fprintf(c.err, "%s: cannot check whether the pool %s has the user %s\n", c.program.Name, r.Provider, sub)
	}
	return identity, nil
}

// identityOf returns the identity with a "sub", which may have the provider in front, as
// in the log. It does not look the identity up, because a member may have no account any
// more.
func identityOf(r *app.Registry, sub string) (domain.Identity, error) {
	return domain.NewIdentity(r.Provider, strings.TrimPrefix(sub, r.Provider+"/"))
}
