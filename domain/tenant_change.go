package domain

import "time"

// TenantAction names what a change does to a tenant.
type TenantAction string

// The actions.
const (
	SuspendTenant TenantAction = "suspend"
	ResumeTenant  TenantAction = "resume"
	DeleteTenant  TenantAction = "delete"
	RestoreTenant TenantAction = "restore"
	PurgeTenant   TenantAction = "purge" // ends the time in which a deleted tenant can be restored
	EditTenant    TenantAction = "edit"
	LimitTenant   TenantAction = "limit"
)

// TenantChange is a change of a tenant's record.
type TenantChange struct {
	Action   TenantAction
	Reason   string           // of a suspension, which requires one; elsewhere it may be empty
	Grace    time.Duration    // of DeleteTenant: how long the tenant can be restored
	Name     *string          // of EditTenant; nil: it stays
	Settings *Settings        // of EditTenant; nil: they stay
	Limits   TenantLimitsEdit // of LimitTenant
	If       Revision         // the only revision that is changed; empty: any
}

// Apply returns the record after the change that by makes at the time now, and whether
// anything changed. It is the one place that decides which status leads to which.
//
// A change that was made before changes nothing and is no error. The operator takes
// over what an owner suspended or deleted: then only the operator undoes it. Only the
// operator purges, and sets limits.
//
// Errors: [CodeTenantChanged] where the record has another revision than c.If;
// [CodeTenantState] where the status does not lead to the new one; [CodeHeldByOperator]
// where an owner undoes what the operator did; [Forbidden] where an owner purges or sets
// limits; [Invalid] for a number that is no limit.
func (c TenantChange) Apply(t TenantDetails, by Party, now time.Time) (TenantDetails, bool, error) {
	if c.If != "" && c.If != t.Revision {
		return t, false, NewError(CodeTenantChanged)
	}
	before := t
	var err error
	switch c.Action {
	case SuspendTenant:
		err = t.suspend(by, c.Reason)
	case ResumeTenant:
		err = t.resume(by)
	case DeleteTenant:
		err = t.delete(by, now, c.Grace)
	case RestoreTenant:
		err = t.restore(by, now)
	case PurgeTenant:
		err = t.purge(by, now)
	case EditTenant:
		err = t.edit(c.Name, c.Settings)
	case LimitTenant:
		err = t.limit(by, c.Limits)
	default:
		err = Errorf(Internal, "there is no change %q of a tenant", c.Action)
	}
	if err != nil {
		return before, false, err
	}
	return t, t != before, nil
}

func (t *TenantDetails) suspend(by Party, reason string) error {
	switch {
	case t.Status == Suspended && (t.SuspendedBy == by || by == ByOwner):
		return nil
	case !t.Status.isLive():
		return errTenantState(t.Status, "suspended")
	}
	t.Status, t.SuspendedBy, t.SuspendedReason = Suspended, by, reason
	return nil
}

func (t *TenantDetails) resume(by Party) error {
	switch {
	case t.Status == Active:
		return nil
	case t.Status != Suspended:
		return errTenantState(t.Status, "resumed")
	case t.SuspendedBy == ByOperator && by != ByOperator:
		return NewError(CodeHeldByOperator)
	}
	t.Status, t.SuspendedBy, t.SuspendedReason = Active, "", ""
	return nil
}

func (t *TenantDetails) delete(by Party, now time.Time, grace time.Duration) error {
	switch {
	case t.Status == Deleted:
		if by == ByOperator {
			t.DeletedBy = by
		}
		return nil
	case !t.Status.isLive():
		return errTenantState(t.Status, "deleted")
	}
	t.Status, t.DeletedBy = Deleted, by
	t.DeletedAt, t.PurgeAfter = storedTime(now), storedTime(now.Add(grace))
	return nil
}

func (t *TenantDetails) restore(by Party, now time.Time) error {
	switch {
	case t.Status.isLive():
		return nil
	case t.Status != Deleted:
		return errTenantState(t.Status, "restored")
	case t.DeletedBy == ByOperator && by != ByOperator:
		return NewError(CodeHeldByOperator)
	case !now.Before(t.PurgeAfter):
		return NewError(CodeTenantState).WithMessage("the time to restore the tenant is over; its data is being removed")
	}
	t.Status, t.DeletedBy = Active, ""
	t.DeletedAt, t.PurgeAfter = time.Time{}, time.Time{}
	if t.SuspendedBy != "" {
		t.Status = Suspended
	}
	return nil
}

func (t *TenantDetails) purge(by Party, now time.Time) error {
	switch {
	case by != ByOperator:
		return Errorf(Forbidden, "only the operator ends the time in which a tenant can be restored")
	case t.Status == Purging:
		return nil
	case t.Status != Deleted:
		return errTenantState(t.Status, "purged")
	}
	t.Status = Purging
	if now.Before(t.PurgeAfter) {
		t.PurgeAfter = storedTime(now)
	}
	return nil
}

func (t *TenantDetails) edit(name *string, settings *Settings) error {
	if !t.Status.isLive() {
		return errTenantState(t.Status, "edited")
	}
	if name != nil {
		t.Name = *name
	}
	if settings != nil {
		t.Settings = *settings
	}
	return nil
}

func (t *TenantDetails) limit(by Party, edit TenantLimitsEdit) error {
	switch {
	case by != ByOperator:
		return Errorf(Forbidden, "only the operator sets the limits of a tenant")
	case !t.Status.isLive():
		return errTenantState(t.Status, "limited")
	}
	if err := edit.Validate(); err != nil {
		return err
	}
	edit.apply(&t.Limits)
	return nil
}

// errTenantState refuses a change of a tenant in the status, and says what to do first.
func errTenantState(status TenantStatus, change string) error {
	first := ""
	switch {
	case status.isLive():
		first = "; delete it first"
	case status == Deleted:
		first = "; restore it first"
	}
	return NewError(CodeTenantState).WithMessage("a tenant that is %s cannot be %s%s", status, change, first)
}
