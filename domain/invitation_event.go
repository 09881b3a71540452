package domain

import (
	"context"
	"time"
)

// InvitationEventData is the data of the events of an invitation that is created,
// resent or revoked.
type InvitationEventData struct {
	Invitation string    `json:"invitationId"`
	Email      string    `json:"email,omitempty"` // empty: by link
	Role       Role      `json:"role"`
	Generation int       `json:"generation"`
	ExpiresAt  time.Time `json:"expiresAt"`
	Replaces   string    `json:"replaces,omitempty"` // the ID of the invitation to the same address that this one revoked
}

// InvitationAcceptedEventData is the data of [EventInvitationAccepted], which is also
// the event of the membership that the invitation grants.
type InvitationAcceptedEventData struct {
	Invitation   string        `json:"invitationId"`
	Email        string        `json:"email,omitempty"`
	Member       EventIdentity `json:"member"`
	Role         Role          `json:"role"`                   // after the change
	PreviousRole Role          `json:"previousRole,omitempty"` // empty: there was no membership
}

// NewInvitationEvent returns the event of an invitation that the actor created, resent
// or revoked, in the condition after it. replaced is the ID of the invitation that this
// one replaces; zero: none.
func NewInvitationEvent(ctx context.Context, kind EventKind, by Actor, i Invitation, replaced InvitationID) (Event, error) {
	return NewEvent(ctx, kind, i.Tenant, by, InvitationEventData{
		i.ID.String(), i.Email.String(), i.Role, i.Generation, i.ExpiresAt, replaced.String(),
	})
}

// NewInvitationAcceptedEvent returns the event of an invitation whose acceptance
// changed the membership from into the membership to. Both may be the same.
func NewInvitationAcceptedEvent(ctx context.Context, i Invitation, from, to Membership) (Event, error) {
	return NewEvent(ctx, EventInvitationAccepted, i.Tenant, UserActor(to.Identity), InvitationAcceptedEventData{
		i.ID.String(), i.Email.String(), EventIdentityOf(to.Identity), to.Role, from.Role,
	})
}
