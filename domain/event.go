package domain

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"regexp"
	"time"
)

// EventKind names what happened, as subject.verb. Kinds are part of the API: they are
// added, never changed.
type EventKind string

// The kinds of events. A tenant begins with EventTenantCreated or EventTenantClaimed.
const (
	EventTenantReserved     EventKind = "tenant.reserved"  // by the operator: [TenantEventData]
	EventTenantCreated      EventKind = "tenant.created"   // with an owner: [TenantEventData]
	EventTenantClaimed      EventKind = "tenant.claimed"   // created from a reservation: [TenantEventData]
	EventTenantSuspended    EventKind = "tenant.suspended" // [TenantChangeEventData], as in the six below
	EventTenantResumed      EventKind = "tenant.resumed"
	EventTenantDeleted      EventKind = "tenant.deleted"
	EventTenantRestored     EventKind = "tenant.restored"
	EventTenantEdited       EventKind = "tenant.edited"
	EventTenantLimited      EventKind = "tenant.limits_changed" // by the operator
	EventTenantPurgeStarted EventKind = "tenant.purge_started"  // it can no longer be restored
	EventTenantHandedOver   EventKind = "tenant.handed_over"    // [HandoverEventData]
	EventMemberAdded        EventKind = "member.added"          // [MemberEventData], as in all of a member
	EventMemberRoleChanged  EventKind = "member.role_changed"   // other fields may have changed with the role
	EventMemberSuspended    EventKind = "member.suspended"
	EventMemberResumed      EventKind = "member.resumed"
	EventMemberChanged      EventKind = "member.changed" // its expiry or its reason
	EventMemberRemoved      EventKind = "member.removed"
	EventMemberLeft         EventKind = "member.left" // the member ended the membership

	EventInvitationCreated  EventKind = "invitation.created" // [InvitationEventData], as in the two below
	EventInvitationResent   EventKind = "invitation.resent"
	EventInvitationRevoked  EventKind = "invitation.revoked"
	EventInvitationAccepted EventKind = "invitation.accepted" // [InvitationAcceptedEventData]; the membership has no event besides

	EventWorkerAdmitted EventKind = "worker.admitted" // a job of the operator may act in the tenant: [WorkerEventData]

	EventTenantPurged EventKind = "tenant.purged" // its data were removed: [TenantEventData]
	EventTenantFreed  EventKind = "tenant.freed"  // its ID may be given out again: [TenantEventData]
)

// BeginsTenant reports whether an event of the kind is the first of its tenant. The
// events before it that have the same ID are those of an earlier tenant.
func (k EventKind) BeginsTenant() bool { return k == EventTenantCreated || k == EventTenantClaimed }

// MaxEventData is the size of the largest [Event.Data], in bytes.
const MaxEventData = 4 << 10

// Event is a change that was made: an entry of the audit log, and a message to the
// consumers of events. Only a store records one, in the transaction of the change.
type Event struct {
	ID       int64 // unique; the events of one tenant have ascending IDs
	Position int64 // in the order in which consumers get events, from 1; 0: not numbered yet
	At       time.Time

	Kind       EventKind
	Tenant     TenantID
	Actor      Actor
	OnBehalfOf Identity        // for whom the Actor made the change; zero: for the Actor
	Address    netip.Addr      // of the Actor; zero: unknown, or blanked when the tenant was purged
	RequestID  string          // empty: outside a request
	Data       json.RawMessage // a JSON object of at most [MaxEventData] bytes, by the Kind; without secrets
}

// WellFormed reports whether an event may be of the kind: subject.verb in lower case, of
// at most 64 bytes.
func (k EventKind) WellFormed() bool {
	return len(k) <= maxEventKindLen && eventKindForm.MatchString(string(k))
}

var eventKindForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)

const (
	maxEventKindLen = 64
	maxRequestIDLen = 128
)

// NewEvent returns an event to be recorded, with the address and the ID of the request
// that ctx belongs to. data is marshalled to JSON. A kind, tenant, actor or data that
// no event can have is an [Invalid] error.
func NewEvent(ctx context.Context, kind EventKind, tenant TenantID, by Actor, data any) (Event, error) {
	switch {
	case !kind.WellFormed():
		return Event{}, Invalidf("kind", "a kind of event is subject.verb in lower case")
	case tenant.IsZero():
		return Event{}, Invalidf("tenantId", "an event belongs to a tenant")
	}
	if err := by.validate(); err != nil {
		return Event{}, err
	}
	text, err := marshal(data)
	switch {
	case err != nil:
		return Event{}, Invalidf("data", "the data of an event is JSON").WithCause(err)
	case len(text) > MaxEventData || text[0] != '{':
		return Event{}, Invalidf("data", "the data of an event is a JSON object of at most %d bytes", MaxEventData)
	}
	request := RequestInfoOf(ctx)
	return Event{
		Kind:      kind,
		Tenant:    tenant,
		Actor:     by,
		Address:   request.Address.WithZone(""), // a zone is of the machine that recorded it
		RequestID: StoredText(request.ID, maxRequestIDLen),
		Data:      text,
	}, nil
}

// marshal is [json.Marshal] without the escapes that HTML needs: they make a text up to
// six times as long.
func marshal(data any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(data)
	return bytes.TrimSpace(text.Bytes()), err
}

// Decode reads the event's Data into a value, such as a *[MemberEventData].
func (e Event) Decode(into any) error { return json.Unmarshal(e.Data, into) }

// WithoutAddresses returns the event as it stays after its tenant was purged: without
// the caller's network address and without e-mail addresses.
func (e Event) WithoutAddresses() Event {
	e.Address = netip.Addr{}
	var fields map[string]json.RawMessage
	if json.Unmarshal(e.Data, &fields) != nil {
		return e
	}
	if _, found := fields[EventEmailField]; found {
		delete(fields, EventEmailField)
		e.Data, _ = json.Marshal(fields) // raw messages that were parsed before
	}
	return e
}

// EventEmailField is the only field of [Event.Data] that contains an e-mail address.
const EventEmailField = "email"
