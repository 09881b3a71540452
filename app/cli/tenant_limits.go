package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/partywall-go/partywall/domain"
)

func limitTenantCommand() command {
	return command{
		name: "limits", args: "ID",
		summary: "show or set what a tenant takes of each process at most",
		details: "Beyond its requests in flight, a tenant is answered 429. Beyond its connections to the database, it waits for itself.\n" +
			"A process applies new limits from its next request of a member of the tenant on. Without a flag, nothing changes.",
		flags: []option{
			stringFlag("requests", "`N` requests in flight, or default, which is TENANT_MAX_REQUESTS"),
			stringFlag("connections", "`N` connections to the database, or default, which is TENANT_MAX_CONNECTIONS"),
			jsonFlag(),
		},
		run: asSteward(limitTenant),
	}
}

func limitTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	var edit domain.TenantLimitsEdit
	var err error
	if edit.MaxRequests, err = limitFlag(s.cmd, "requests"); err != nil {
		return domain.TenantDetails{}, err
	}
	if edit.MaxConnections, err = limitFlag(s.cmd, "connections"); err != nil {
		return domain.TenantDetails{}, err
	}
	if edit == (domain.TenantLimitsEdit{}) {
		return showTenant(ctx, s)
	}
	return s.tenants.Limit(ctx, s.by, edit)
}

// limitFlag returns the limit of a flag, nil where it is not given, and 0 for the default.
func limitFlag(cmd invocation, name string) (*int, error) {
	text := cmd.String(name)
	switch text {
	case "":
		return nil, nil
	case "default":
		return new(int), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > domain.MostOfLimit {
		return nil, misuse(cmd, "--%s is a number from 1 to %d, or default, not %q", name, domain.MostOfLimit, text)
	}
	return &n, nil
}

// describeLimits returns a line for people, and nothing for the defaults.
func describeLimits(l domain.TenantLimits) string {
	if l == (domain.TenantLimits{}) {
		return ""
	}
	return fmt.Sprintf("\nlimits in each process: %s requests in flight, %s connections", numberOrDefault(l.MaxRequests), numberOrDefault(l.MaxConnections))
}

func numberOrDefault(n int) string {
	if n == 0 {
		return "default"
	}
	return strconv.Itoa(n)
}
