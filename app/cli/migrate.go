package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/partywall-go/partywall/app"
)

// migrateStatus lists the tenants that lack migrations, and fails if there
// are any, or if no tenant can be created.
func migrateStatus(ctx context.Context, c console, args []string) error {
	if _, err := parseFlags(flag.NewFlagSet("migrate status", flag.ContinueOnError), args); err != nil {
		return err
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	status, err := app.Migrations(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	c.printf("%s, %d behind; this program needs partywall/%d and product/%d\n", plural(status.Tenants, "tenant"), len(status.Behind), status.Wanted.Partywall, status.Wanted.Product)
	if err := c.tabulate(status.Behind); err != nil {
		return err
	}
	var wrong []string
	if n := len(status.Behind); n > 0 {
		wrong = append(wrong, fmt.Sprintf("%s behind: remove the cause that is shown, if one is, then run %s setup", plural(n, "tenant"), c.program.Name))
	}
	if status.NewTenants != "" {
		wrong = append(wrong, "no tenant can be made: "+status.NewTenants)
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

func (c console) tabulate(behind []app.BehindTenant) error {
	if len(behind) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { _, _ = table.Write([]byte(strings.Join(cells, "\t") + "\n")) }
	row("ID", "PARTYWALL", "PRODUCT", "WHY")
	for _, t := range behind {
		why := "setup has not run since the tenant was made or restored"
		if t.Failure != "" {
			why = t.Failure
		}
		row(t.ID.String(), strconv.Itoa(t.Has.Partywall), strconv.Itoa(t.Has.Product), why)
	}
	return table.Flush()
}
