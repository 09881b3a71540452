package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

func migrateStatusCommand() command {
	return command{
		name:    "status",
		summary: "list the tenants that are behind this program's migrations",
		details: "It shows how far each of them is, and why the newest setup brought it no further. It exits 1 if there are any, or\n" +
			"if the newest setup found that no tenant can be made.",
		flags: []option{jsonFlag()},
		run:   migrateStatus,
	}
}

// migrateStatus lists the tenants that lack migrations, and fails if there
// are any, or if no tenant can be created.
func migrateStatus(ctx context.Context, c console, cmd invocation) error {
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	status, err := app.Migrations(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	if !cmd.Bool("json") {
		c.printf("%s, %d behind; this program needs partywall/%d and product/%d\n", plural(status.Tenants, "tenant"), len(status.Behind), status.Wanted.Partywall, status.Wanted.Product)
	}
	if n := status.Migrated; n > 0 && !cmd.Bool("json") {
		c.printf("%s migrated already: %s\n", plural(n, "tenant"), firstOf(status.FirstMigrated, n))
	}
	if err := c.listBehind(cmd, status.Behind); err != nil {
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

// firstOf lists ids, the first of all.
func firstOf(ids []domain.TenantID, all int) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	text := strings.Join(names, ", ")
	if more := all - len(ids); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

type behindObject struct {
	TenantID  string `json:"tenantId"`
	Partywall int64  `json:"partywall"`
	Product   int64  `json:"product"`
	Reason    string `json:"reason"`
}

func (c console) listBehind(cmd invocation, behind []app.BehindTenant) error {
	if len(behind) == 0 {
		return nil
	}
	table := c.table(cmd, "ID", "PARTYWALL", "PRODUCT", "WHY")
	for _, t := range behind {
		why := fmt.Sprintf("no run has reached it yet; %s migrate up goes on", c.program.Name)
		if t.Failure != "" {
			why = t.Failure
		}
		object := behindObject{t.ID.String(), t.Has.Partywall, t.Has.Product, why}
		table.row(object, t.ID.String(), strconv.FormatInt(t.Has.Partywall, 10), strconv.FormatInt(t.Has.Product, 10), why)
	}
	return table.flush()
}
