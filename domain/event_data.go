package domain

import (
	"context"
	"time"
)

// TenantEventData is the data of the events of a tenant as a whole.
type TenantEventData struct {
	Name  string        `json:"name"`
	Owner EventIdentity `json:"owner,omitzero"`  // zero: the ID is only reserved
	Email string        `json:"email,omitempty"` // the owner's confirmed address; empty: unknown
}

// TenantChangeEventData is the data of the events of a [TenantChange].
type TenantChangeEventData struct {
	Status         TenantStatus  `json:"status"`           // after the change
	Reason         string        `json:"reason,omitempty"` // empty: none was given
	Name           string        `json:"name,omitempty"`   // the new name; empty: it stays
	PreviousName   string        `json:"previousName,omitempty"`
	SettingsEdited bool          `json:"settingsEdited,omitempty"` // events contain no settings
	PurgeAfter     time.Time     `json:"purgeAfter,omitzero"`
	Limits         *TenantLimits `json:"limits,omitempty"` // the new limits; nil: they stay
}

// MemberEventData is the data of the events of a membership: its condition after the
// change, except that Role is empty where it ended.
type MemberEventData struct {
	Member       EventIdentity `json:"member"`
	Role         Role          `json:"role,omitempty"`
	PreviousRole Role          `json:"previousRole,omitempty"` // empty: there was no membership
	State        MemberState   `json:"state,omitempty"`
	ExpiresAt    time.Time     `json:"expiresAt,omitzero"`
	Reason       string        `json:"reason,omitempty"`
}

// HandoverEventData is the data of [EventTenantHandedOver].
type HandoverEventData struct {
	Heir             EventIdentity `json:"heir"` // an owner now
	HeirPreviousRole Role          `json:"heirPreviousRole"`
	Owner            EventIdentity `json:"owner"` // the owner who handed over
	OwnerRole        Role          `json:"ownerRole"`
}

// WorkerEventData is the data of [EventWorkerAdmitted].
type WorkerEventData struct {
	Reason string `json:"reason"`
}

// EventIdentity is an [Identity] in the data of an event.
type EventIdentity struct {
	Provider string `json:"provider"`
	Subject  string `json:"sub"`
}

// EventIdentityOf returns the identity in the form of an event's data.
func EventIdentityOf(i Identity) EventIdentity { return EventIdentity{i.Provider(), i.Subject()} }

// Identity returns the identity. It fails for one that no event contains.
func (i EventIdentity) Identity() (Identity, error) { return NewIdentity(i.Provider, i.Subject) }

// NewTenantEvent returns the event of a tenant that begins with owner, or whose ID is
// reserved. The address is zero unless the owner has confirmed it. The zero Actor stands
// for the owner.
func NewTenantEvent(ctx context.Context, kind EventKind, tenant Tenant, owner Identity, address Email, by Actor) (Event, error) {
	if by.IsZero() {
		by = UserActor(owner)
	}
	event, err := NewEvent(ctx, kind, tenant.ID, by, TenantEventData{tenant.Name, EventIdentityOf(owner), address.String()})
	if by != UserActor(owner) { // a reservation has no owner
		event.OnBehalfOf = owner
	}
	return event, err
}

// NewTenantEndEvent returns the event of a tenant that was purged, or whose ID was freed.
func NewTenantEndEvent(ctx context.Context, kind EventKind, tenant Tenant, by Actor) (Event, error) {
	return NewEvent(ctx, kind, tenant.ID, by, TenantEventData{Name: tenant.Name})
}

// NewWorkerEvent returns the event of a job of the operator that was admitted to a tenant.
func NewWorkerEvent(ctx context.Context, tenant TenantID, reason string) (Event, error) {
	return NewEvent(ctx, EventWorkerAdmitted, tenant, OperatorActor(), WorkerEventData{reason})
}

var tenantEventKinds = map[TenantAction]EventKind{
	SuspendTenant: EventTenantSuspended,
	ResumeTenant:  EventTenantResumed,
	DeleteTenant:  EventTenantDeleted,
	RestoreTenant: EventTenantRestored,
	PurgeTenant:   EventTenantPurgeStarted,
	EditTenant:    EventTenantEdited,
	LimitTenant:   EventTenantLimited,
}

// NewTenantChangeEvent returns the event of a change of a tenant's record from one
// state to another.
func NewTenantChangeEvent(ctx context.Context, by Actor, change TenantChange, from, to TenantDetails) (Event, error) {
	data := TenantChangeEventData{Status: to.Status, Reason: change.Reason, SettingsEdited: from.Settings != to.Settings, PurgeAfter: to.PurgeAfter}
	if from.Name != to.Name {
		data.Name, data.PreviousName = to.Name, from.Name
	}
	if from.Limits != to.Limits {
		data.Limits = &to.Limits
	}
	return NewEvent(ctx, tenantEventKinds[change.Action], to.ID, by, data)
}

// NewMemberEvent returns the event of a change from one membership to another, either
// of which may be zero: none. The reason is that of a removal; any other change has its
// reason in to. NewMemberEvent reports false if nothing changes, so that there is no
// event.
func NewMemberEvent(ctx context.Context, by Actor, from, to Membership, reason string) (event Event, changes bool, err error) {
	if from.Equal(to) {
		return Event{}, false, nil
	}
	of := to
	if to.IsZero() {
		of = from
	} else {
		reason = to.Reason
	}
	event, err = NewEvent(ctx, memberEventKind(by, from, to), of.Tenant, by, MemberEventData{
		EventIdentityOf(of.Identity), to.Role, from.Role, to.State, to.ExpiresAt, reason,
	})
	return event, err == nil, err
}

func memberEventKind(by Actor, from, to Membership) EventKind {
	switch {
	case from.IsZero():
		return EventMemberAdded
	case to.IsZero() && by == UserActor(from.Identity):
		return EventMemberLeft
	case to.IsZero():
		return EventMemberRemoved
	case to.Role != from.Role:
		return EventMemberRoleChanged
	case to.State != from.State && to.State == MemberSuspended:
		return EventMemberSuspended
	case to.State != from.State:
		return EventMemberResumed
	}
	return EventMemberChanged
}

// NewHandoverEvent returns the event of a tenant whose owner, who had the membership
// own, hands it over to heir.
func NewHandoverEvent(ctx context.Context, heir, own Membership, ownRole Role) (Event, error) {
	return NewEvent(ctx, EventTenantHandedOver, own.Tenant, UserActor(own.Identity), HandoverEventData{
		EventIdentityOf(heir.Identity), heir.Role, EventIdentityOf(own.Identity), ownRole,
	})
}
