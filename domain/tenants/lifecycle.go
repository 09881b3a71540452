package tenants

import (
	"cmp"
	"context"
	"errors"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Get returns the record of the reader's tenant.
//
// Errors: [domain.Forbidden] for the zero Reader; [domain.CodeTenantNotFound].
func (s *Service) Get(ctx context.Context, by access.Reader) (domain.TenantDetails, error) {
	if by.IsZero() {
		return domain.TenantDetails{}, domain.Errorf(domain.Forbidden, "only a member of the tenant may read its record")
	}
	return s.Lifecycle.Details(ctx, by.Tenant())
}

// Condition limits a change to some states of a tenant.
type Condition func(*domain.TenantChange)

// IfRevision limits a change to the revision: on any other the change is
// [domain.CodeTenantChanged]. The zero Revision limits nothing.
func IfRevision(revision domain.Revision) Condition {
	return func(c *domain.TenantChange) { c.If = revision }
}

// Suspend stops a tenant from serving its members until it is resumed. The reason has
// 1 to 200 characters: any other is [domain.Invalid] on field "reason".
func (s *Service) Suspend(ctx context.Context, by access.Steward, reason string, conditions ...Condition) (domain.TenantDetails, error) {
	reason, err := domain.ParseReason(reason)
	if err != nil {
		return domain.TenantDetails{}, err
	}
	return s.change(ctx, by, domain.TenantChange{Action: domain.SuspendTenant, Reason: reason}, conditions)
}

// Resume has a suspended tenant serve its members again. An owner cannot resume what
// the operator suspended: [domain.CodeHeldByOperator]. The reason may be empty.
func (s *Service) Resume(ctx context.Context, by access.Steward, reason string, conditions ...Condition) (domain.TenantDetails, error) {
	return s.changeFor(ctx, by, domain.TenantChange{Action: domain.ResumeTenant}, reason, conditions)
}

// Delete stops a tenant from serving its members, and marks its data for removal
// after the grace. The reason may be empty.
func (s *Service) Delete(ctx context.Context, by access.Steward, reason string, conditions ...Condition) (domain.TenantDetails, error) {
	return s.changeFor(ctx, by, domain.TenantChange{Action: domain.DeleteTenant, Grace: s.Grace}, reason, conditions)
}

// Restore gives a deleted tenant the status that it had before. An owner cannot
// restore what the operator deleted: [domain.CodeHeldByOperator]. The reason may be
// empty.
func (s *Service) Restore(ctx context.Context, by access.Steward, reason string, conditions ...Condition) (domain.TenantDetails, error) {
	return s.changeFor(ctx, by, domain.TenantChange{Action: domain.RestoreTenant}, reason, conditions)
}

// Edit is what [Service.Edit] replaces. A nil field stays as it is.
type Edit struct {
	Name     *string // empty: the ID
	Settings *domain.Settings
}

// Edit replaces the name of a tenant, or its settings as a whole. It returns
// [domain.Invalid] on field "name" or "settings".
func (s *Service) Edit(ctx context.Context, by access.Steward, edit Edit, conditions ...Condition) (domain.TenantDetails, error) {
	if err := by.Require(); err != nil {
		return domain.TenantDetails{}, err
	}
	change := domain.TenantChange{Action: domain.EditTenant, Settings: edit.Settings}
	if edit.Name != nil {
		name, err := domain.ParseTenantName(*edit.Name)
		if err != nil {
			return domain.TenantDetails{}, err
		}
		name = cmp.Or(name, by.Tenant().String())
		change.Name = &name
	}
	if err := s.validate(ctx, by.Tenant(), edit.Settings); err != nil {
		return domain.TenantDetails{}, err
	}
	return s.change(ctx, by, change, conditions)
}

// Limit replaces limits of a tenant. Only the operator may; [domain.Forbidden] otherwise. A
// number that is no limit is [domain.Invalid] on field "maxRequests" or "maxConnections".
// A process applies the new limits from its next look-up of a member of the tenant on.
func (s *Service) Limit(ctx context.Context, by access.Steward, edit domain.TenantLimitsEdit, conditions ...Condition) (domain.TenantDetails, error) {
	if err := by.Require(); err != nil {
		return domain.TenantDetails{}, err
	}
	if err := edit.Validate(); err != nil {
		return domain.TenantDetails{}, err
	}
	changed, err := s.change(ctx, by, domain.TenantChange{Action: domain.LimitTenant, Limits: edit}, conditions)
	if err == nil {
		s.InFlight.Note(by.Tenant(), changed.Limits)
	}
	return changed, err
}

// validate asks the product whether it accepts the settings.
func (s *Service) validate(ctx context.Context, id domain.TenantID, settings *domain.Settings) error {
	if settings == nil || s.ValidateSettings == nil {
		return nil
	}
	err := s.ValidateSettings(ctx, id, *settings)
	if _, ours := errors.AsType[*domain.Error](err); err == nil || ours || ctx.Err() != nil {
		return err
	}
	return domain.Invalidf("settings", "%s", err.Error()).WithCause(err)
}

// changeFor makes a change whose reason may be empty.
func (s *Service) changeFor(ctx context.Context, by access.Steward, change domain.TenantChange, reason string, conditions []Condition) (domain.TenantDetails, error) {
	if reason != "" {
		var err error
		if change.Reason, err = domain.ParseReason(reason); err != nil {
			return domain.TenantDetails{}, err
		}
	}
	return s.change(ctx, by, change, conditions)
}

func (s *Service) change(ctx context.Context, by access.Steward, change domain.TenantChange, conditions []Condition) (domain.TenantDetails, error) {
	if err := by.Require(); err != nil {
		return domain.TenantDetails{}, err
	}
	for _, condition := range conditions {
		condition(&change)
	}
	request := ports.TenantChange{Tenant: by.Tenant(), By: by.Actor(), TenantChange: change}
	if err := request.Validate(); err != nil {
		return domain.TenantDetails{}, err
	}
	return s.Lifecycle.Change(ctx, request)
}
