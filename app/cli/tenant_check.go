package cli

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain/access"
)

func checkTenantsCommand() command {
	return command{
		name:    "check",
		summary: "look for what is left of tenants that do not exist, and for purges that failed",
		details: "It lists schemas, roles, rows and files without a tenant, what existing tenants lack, and purges that\n" +
			"failed. It changes nothing. It exits 1 if it found anything.",
		flags: []option{jsonFlag()},
		run:   checkTenants,
	}
}

type faultObject struct {
	TenantID string `json:"tenantId"`
	What     string `json:"what"`
	Fix      string `json:"fix,omitempty"`
}

func checkTenants(ctx context.Context, c console, cmd invocation) error {
	return withRegistry(ctx, c, func(r *app.Registry) error {
		faults, err := r.Tenants.Check(ctx, access.Installation())
		if err != nil {
			return err
		}
		if len(faults) == 0 {
			if !cmd.Bool("json") {
				c.printf("nothing is left of tenants that do not exist\n")
			}
			return nil
		}
		table := c.table(cmd, "TENANT", "WHAT", "FIX")
		for _, f := range faults {
			table.row(faultObject{f.Tenant, f.What, f.Fix}, f.Tenant, f.What, f.Fix)
		}
		if err := table.flush(); err != nil {
			return err
		}
		return fmt.Errorf("%s to look at", plural(len(faults), "finding"))
	})
}
