package cli

import (
	"context"
	"fmt"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

func purgeTenantCommand() command {
	return command{
		name: "purge", args: "ID",
		summary: "remove the data and the files of a deleted tenant for good, before its time",
		details: "It cannot be undone. The command returns when the tenant is gone: signed URLs of its files must have ended,\n" +
			"at most 15 minutes after it was deleted. Until then it prints every 10 seconds for what it waits, and until\n" +
			"when. If it is interrupted, a server goes on, or the next call. With --no-wait it returns at once, as the\n" +
			"route POST /admin/tenants/{id}/purge does.",
		flags: []option{reasonFlag(), boolFlag("no-wait", "return at once: a server purges the tenant"), yesFlag(), jsonFlag()},
		run:   asSteward(purgeTenant),
	}
}

func purgeTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	id := s.by.Tenant()
	if err := s.confirm(s.cmd, fmt.Sprintf("This removes all data and files of %s for good.", id), id.String()); err != nil {
		return domain.TenantDetails{}, err
	}
	details, err := s.tenants.Get(ctx, s.by.Reader())
	if err != nil {
		return domain.TenantDetails{}, err
	}
	if details.Status != domain.Gone { // else an earlier call was successful
		if details, err = s.tenants.Purge(ctx, s.by, s.cmd.String("reason")); err != nil || s.cmd.Bool("no-wait") {
			return details, err
		}
		waits := func(reason string) { fmt.Fprintf(s.err, "%s: waiting: %s\n", s.program.Name, reason) }
		if err := s.tenants.AwaitPurge(ctx, access.Installation(), id, waits); err != nil {
			return domain.TenantDetails{}, err
		}
	}
	return s.tenants.Get(ctx, s.by.Reader())
}

func freeTenantCommand() command {
	return command{
		name: "free", args: "ID",
		summary: "allow the ID of a tenant that is gone to be given out again",
		details: "A new tenant of the ID sees nothing of the one before. An ID can be freed a day after the purge, because an\n" +
			"upload that began before may end late. With --objects it removes the files that lie under an ID which no\n" +
			"tenant has, as after a restore of the database.",
		flags: []option{boolFlag("objects", "remove the files that lie under the ID"), yesFlag(), jsonFlag()},
		run:   freeTenant,
	}
}

type freedObject struct {
	TenantID string `json:"tenantId"`
	Status   string `json:"status"`
}

func freeTenant(ctx context.Context, c console, cmd invocation) error {
	id, err := domain.ParseTenantID(cmd.arg(0))
	if err != nil {
		return err
	}
	free := (*tenants.Service).Free
	what := "This allows the ID %s to be given out again."
	if cmd.Bool("objects") {
		free = (*tenants.Service).FreeWithFiles
		what = "This removes all files under the ID %s, and allows it to be given out again."
	}
	if err := c.confirm(cmd, fmt.Sprintf(what, id), id.String()); err != nil {
		return err
	}
	return withRegistry(ctx, c, func(r *app.Registry) error {
		if err := free(r.Tenants, ctx, access.Installation(), id); err != nil {
			return err
		}
		return c.result(cmd, freedObject{id.String(), "free"}, "freed %s", id)
	})
}
