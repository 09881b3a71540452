package domain

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// InvitationID names an invitation in paths and lists. IDs sort by the time of their
// creation, to the millisecond. The zero InvitationID names no invitation.
type InvitationID struct{ id string }

const (
	invitationIDBytes = 15 // 6 of the time and 9 of chance, which base32 writes without padding
	invitationIDLen   = invitationIDBytes * 8 / 5
)

var invitationIDEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewInvitationID returns the ID of an invitation that is created at the time.
func NewInvitationID(at time.Time) InvitationID {
	var b [8 + invitationIDBytes - 6]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())) //nolint:gosec // no invitation is older than 1970
	_, _ = rand.Read(b[8:])                                   // it never fails
	return InvitationID{invitationIDEncoding.EncodeToString(b[2:])}
}

// ParseInvitationID accepts what [NewInvitationID] creates. Anything else is
// [CodeInvitationNotFound].
func ParseInvitationID(s string) (InvitationID, error) {
	isForeign := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'v') }
	if len(s) != invitationIDLen || strings.ContainsFunc(s, isForeign) {
		return InvitationID{}, NewError(CodeInvitationNotFound)
	}
	return InvitationID{s}, nil
}

// String returns the ID as it was parsed, and "" for the zero InvitationID.
func (id InvitationID) String() string { return id.id }

// IsZero reports whether id names no invitation.
func (id InvitationID) IsZero() bool { return id == InvitationID{} }

// Require returns an [Invalid] error on field "invitationId" for the zero InvitationID.
func (id InvitationID) Require() error {
	if id.IsZero() {
		return Invalidf("invitationId", "the ID of an invitation is required")
	}
	return nil
}
