package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

// lifecycleCommands returns the commands that show and change the record of a tenant.
func lifecycleCommands() []command {
	return []command{
		{
			name: "show", args: "ID",
			summary: "show the record of a tenant, with its settings",
			flags:   []option{jsonFlag()},
			run:     asSteward(showTenant),
		},
		{
			name: "rename", args: "ID NAME",
			summary: "change the display name of a tenant",
			flags:   []option{jsonFlag()},
			run:     asSteward(renameTenant),
		},
		limitTenantCommand(),
		{
			name: "suspend", args: "ID",
			summary: "refuse the members of a tenant from the next request on, until it is resumed",
			details: "Owners see the reason. Only the operator resumes what the operator suspended.",
			flags:   []option{requiredReasonFlag(), jsonFlag()},
			run:     asSteward(suspendTenant),
		},
		{
			name: "resume", args: "ID",
			summary: "serve the members of a suspended tenant again",
			flags:   []option{reasonFlag(), jsonFlag()},
			run:     asSteward(resumeTenant),
		},
		{
			name: "delete", args: "ID",
			summary: "delete a tenant, which can be restored for TENANT_GRACE",
			details: "Its members are refused from the next request on. Only the operator restores what the operator deleted.",
			flags:   []option{reasonFlag(), yesFlag(), jsonFlag()},
			run:     asSteward(deleteTenant),
		},
		{
			name: "restore", args: "ID",
			summary: "give a deleted tenant the status that it had before",
			flags:   []option{reasonFlag(), jsonFlag()},
			run:     asSteward(restoreTenant),
		},
		purgeTenantCommand(),
		freeTenantCommand(),
		checkTenantsCommand(),
	}
}

// stewardship is the operator's proof for the tenant that a command names.
type stewardship struct {
	console
	cmd     invocation
	tenants *tenants.Service
	by      access.Steward
}

// asSteward runs a command whose first argument is the ID of a tenant, and prints the
// record that it returns.
func asSteward(run func(ctx context.Context, s stewardship) (domain.TenantDetails, error)) func(ctx context.Context, c console, cmd invocation) error {
	return func(ctx context.Context, c console, cmd invocation) error {
		id, err := domain.ParseTenantID(cmd.arg(0))
		if err != nil {
			return err
		}
		by, err := access.Installation().Steward(id)
		if err != nil {
			return err
		}
		return withRegistry(ctx, c, func(r *app.Registry) error {
			details, err := run(ctx, stewardship{c, cmd, r.Tenants, by})
			if err != nil {
				return err
			}
			return c.result(cmd, detailsObjectOf(details), "%s", describeTenant(details))
		})
	}
}

func showTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	return s.tenants.Get(ctx, s.by.Reader())
}

func renameTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	name := s.cmd.arg(1)
	return s.tenants.Edit(ctx, s.by, tenants.Edit{Name: &name})
}

func suspendTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	return s.tenants.Suspend(ctx, s.by, s.cmd.String("reason"))
}

func resumeTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	return s.tenants.Resume(ctx, s.by, s.cmd.String("reason"))
}

func deleteTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	id := s.by.Tenant().String()
	if err := s.confirm(s.cmd, fmt.Sprintf("This ends the service of %s for its members.", id), id); err != nil {
		return domain.TenantDetails{}, err
	}
	return s.tenants.Delete(ctx, s.by, s.cmd.String("reason"))
}

func restoreTenant(ctx context.Context, s stewardship) (domain.TenantDetails, error) {
	return s.tenants.Restore(ctx, s.by, s.cmd.String("reason"))
}

// detailsObject is the record of a tenant, as GET /admin/tenants/{id} returns it.
type detailsObject struct {
	TenantID        string              `json:"tenantId"`
	Name            string              `json:"name"`
	Status          string              `json:"status"`
	CreatedAt       time.Time           `json:"createdAt"`
	Settings        domain.Settings     `json:"settings"`
	Limits          domain.TenantLimits `json:"limits,omitzero"`
	SuspendedBy     string              `json:"suspendedBy,omitempty"`
	SuspendedReason string              `json:"suspendedReason,omitempty"`
	PurgeAfter      time.Time           `json:"purgeAfter,omitzero"`
}

func detailsObjectOf(t domain.TenantDetails) detailsObject {
	return detailsObject{
		TenantID: t.ID.String(), Name: t.Name, Status: string(t.Status), CreatedAt: t.CreatedAt, Settings: t.Settings, Limits: t.Limits,
		SuspendedBy: string(t.SuspendedBy), SuspendedReason: t.SuspendedReason, PurgeAfter: t.PurgeAfter,
	}
}

// describeTenant returns lines for people.
func describeTenant(t domain.TenantDetails) string {
	text := t.ID.String()
	if t.Name != "" {
		text += " (" + t.Name + ")"
	}
	text += fmt.Sprintf(" is %s, created %s", t.Status, t.CreatedAt.Format(time.RFC3339))
	if t.SuspendedBy != "" {
		text += fmt.Sprintf("\nsuspended by the %s: %s", t.SuspendedBy, t.SuspendedReason)
	}
	switch t.Status {
	case domain.Deleted:
		text += fmt.Sprintf("\ndeleted by the %s; it can be restored until %s", t.DeletedBy, t.PurgeAfter.Format(time.RFC3339))
	case domain.Purging:
		text += fmt.Sprintf("\ndeleted by the %s; its data are being removed, and it cannot be restored", t.DeletedBy)
	}
	return text + describeLimits(t.Limits) + "\nsettings: " + t.Settings.String()
}
