package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func tenantsCommand() command {
	return command{
		name:    "tenants",
		summary: "create, list and change tenants",
		below:   slices.Concat([]command{createTenantCommand(), listTenantsCommand(), claimTenantCommand(), execCommand()}, archiveCommands(), lifecycleCommands()),
	}
}

func createTenantCommand() command {
	return command{
		name:    "create",
		args:    "ID",
		summary: "create a tenant, as the operator",
		details: "ID has 2 to 48 of a-z, 0-9 and \"-\". Once the tenant has an owner, it is not given out again, unless\n" +
			"it is freed after a purge.",
		flags: []option{
			stringFlag("name", "the tenant's display name; otherwise its ID"),
			stringFlag("owner", "the \"sub\" of the user who owns it, as GET /auth/me shows it to them; otherwise the tenant belongs to the user who redeems the token that is printed"),
			jsonFlag(),
		},
		run: createTenant,
	}
}

type createdObject struct {
	TenantID       string    `json:"tenantId"`
	Name           string    `json:"name"`
	Status         string    `json:"status"`
	Owner          string    `json:"owner,omitempty"`
	ClaimToken     string    `json:"claimToken,omitempty"`
	ClaimExpiresAt time.Time `json:"claimExpiresAt,omitzero"`
}

func createTenant(ctx context.Context, c console, cmd invocation) error {
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	owner := cmd.String("owner")
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := r.MayProvision(ctx); err != nil {
			return err
		}
		by := tenants.Creator{Operator: access.Installation()}
		if owner != "" {
			identity, err := userOf(ctx, c, r, owner)
			if err != nil {
				return err
			}
			by.For = identity
		}
		created, err := r.Tenants.Create(ctx, by, tenants.Creation{ID: id, Name: cmd.String("name")})
		if err != nil {
			return err
		}
		t := created.Tenant
		object := createdObject{TenantID: t.ID.String(), Name: t.Name, Status: string(t.Status), Owner: owner}
		if created.ClaimToken.IsZero() {
			return c.result(cmd, object, "created %s, owned by %s", t.ID, owner)
		}
		object.ClaimToken, object.ClaimExpiresAt = created.ClaimToken.Reveal(), t.ClaimExpiresAt
		return c.result(cmd, object, "created %s; the user who signs up with this token until %s owns it:\n%s",
			t.ID, t.ClaimExpiresAt.Format(time.RFC3339), created.ClaimToken.Reveal())
	})
}

func listTenantsCommand() command {
	return command{
		name:    "list",
		summary: "list tenants",
		details: "It shows the configured database, or the private one below DATA_DIR: not that of a server which\n" +
			"runs with --memory.",
		flags: []option{
			stringFlag("status", "only tenants of this status: "+either(domain.TenantStatuses())),
			stringFlag("q", "only tenants whose ID or name contains this text"),
			stringFlag("owner", "only tenants that the user with this \"sub\" owns"),
			jsonFlag(),
		},
		run: listTenants,
	}
}

type tenantObject struct {
	TenantID  string    `json:"tenantId"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"createdAt"`
	Name      string    `json:"name"`
}

func listTenants(ctx context.Context, c console, cmd invocation) error {
	return withRegistry(ctx, c, func(r *app.Registry) error {
		query := ports.TenantQuery{Status: domain.TenantStatus(cmd.String("status")), Text: cmd.String("q")}
		if owner := cmd.String("owner"); owner != "" {
			var err error
			if query.Owner, err = identityOf(r, owner); err != nil {
				return err
			}
		}
		table := c.table(cmd, "ID", "STATUS", "CREATED", "NAME")
		for after := (domain.TenantID{}); ; {
			found, err := r.Tenants.Search(ctx, access.Installation(), query, after, domain.MaxPage)
			if err != nil {
				return err
			}
			for _, t := range found.Tenants {
				object := tenantObject{t.ID.String(), string(t.Status), t.CreatedAt, t.Name}
				table.row(object, t.ID.String(), string(t.Status), t.CreatedAt.Format(time.RFC3339), t.Name)
			}
			if after = found.Next; after.IsZero() {
				return table.flush()
			}
		}
	})
}

func claimTenantCommand() command {
	return command{
		name:    "claim",
		args:    "ID",
		summary: "make a user the first owner of a tenant",
		flags: []option{
			requiredFlag("token", "the claim `TOKEN` that the creation printed"),
			requiredFlag("owner", "the `SUB` of the user who shall own it, as GET /auth/me shows it to them"),
			jsonFlag(),
		},
		run: claimTenant,
	}
}

func claimTenant(ctx context.Context, c console, cmd invocation) error {
	token, owner := cmd.String("token"), cmd.String("owner")
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := r.MayProvision(ctx); err != nil {
			return err
		}
		identity, err := userOf(ctx, c, r, owner)
		if err != nil {
			return err
		}
		if _, err := r.Tenants.Probe(ctx, id); domain.KindOf(err) == domain.NotFound {
			return fmt.Errorf("there is no tenant %s that could be claimed; see: %s tenants list", id, c.program.Name)
		}
		by := tenants.Creator{Operator: access.Installation(), For: identity}
		claimed, err := r.Tenants.Claim(ctx, by, id, domain.NewSecret(token))
		if err != nil {
			return err
		}
		t := claimed.Tenant
		return c.result(cmd, createdObject{TenantID: t.ID.String(), Name: t.Name, Status: string(t.Status), Owner: owner}, "%s is owned by %s", t.ID, owner)
	})
}
