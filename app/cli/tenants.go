package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
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
		return domain.Identity{}, fmt.Errorf("--owner: %w", err)
	}
	if !found {
		fmt.Fprintf(c.err, "%s: cannot check whether the pool %s has the user %s\n", c.program.Name, r.Provider, sub)
	}
	return identity, nil
}

func createTenant(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("tenants create", flag.ContinueOnError)
	name := flags.String("name", "", "the tenant's display name")
	owner := flags.String("owner", "", `the "sub" of the user who owns it`)
	positional, err := parseFlags(flags, args, "ID")
	if err != nil {
		return err
	}
	id, err := domain.ParseTenantID(positional[0])
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := r.MayProvision(ctx); err != nil {
			return err
		}
		by := tenants.Creator{Operator: access.Installation()}
		if *owner != "" {
			identity, err := userOf(ctx, c, r, *owner)
			if err != nil {
				return err
			}
			by.For = identity
		}
		created, err := r.Tenants.Create(ctx, by, tenants.Creation{ID: id, Name: *name})
		if err != nil {
			return err
		}
		if created.ClaimToken.IsZero() {
			c.printf("created %s, owned by %s\n", created.Tenant.ID, *owner)
			return nil
		}
		c.printf("created %s; the user who signs up with this token until %s owns it:\n%s\n",
			created.Tenant.ID, created.Tenant.ClaimExpiresAt.Format(time.RFC3339), created.ClaimToken.Reveal())
		return nil
	})
}

func listTenants(ctx context.Context, c console, args []string) error {
	if _, err := parseFlags(flag.NewFlagSet("tenants list", flag.ContinueOnError), args); err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		row := func(id, status, created, name string) {
			_, _ = table.Write([]byte(id + "\t" + status + "\t" + created + "\t" + name + "\n"))
		}
		row("ID", "STATUS", "CREATED", "NAME")
		const page = 200
		for after := (domain.TenantID{}); ; {
			found, err := r.Tenants.List(ctx, access.Installation(), after, page)
			if err != nil {
				return err
			}
			for _, t := range found {
				row(t.ID.String(), string(t.Status), t.CreatedAt.Format(time.RFC3339), t.Name)
				after = t.ID
			}
			if len(found) < page {
				return table.Flush()
			}
		}
	})
}

func claimTenant(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("tenants claim", flag.ContinueOnError)
	token := flags.String("token", "", "the claim token")
	owner := flags.String("owner", "", `the "sub" of the user who shall own it`)
	positional, err := parseFlags(flags, args, "ID")
	if err != nil {
		return err
	}
	if *token == "" || *owner == "" {
		return misuseError{"--token and --owner are needed"}
	}
	id, err := domain.ParseTenantID(positional[0])
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := r.MayProvision(ctx); err != nil {
			return err
		}
		identity, err := userOf(ctx, c, r, *owner)
		if err != nil {
			return err
		}
		if _, err := r.Tenants.Clock(ctx, id); domain.KindOf(err) == domain.NotFound {
			return fmt.Errorf("there is no tenant %s that could be claimed; see: %s tenants list", id, c.program.Name)
		}
		by := tenants.Creator{Operator: access.Installation(), For: identity}
		claimed, err := r.Tenants.Claim(ctx, by, id, domain.NewSecret(*token))
		if err != nil {
			return err
		}
		c.printf("%s is owned by %s\n", claimed.Tenant.ID, *owner)
		return nil
	})
}
