package domain

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TenantStatus is the stage of a tenant's life.
type TenantStatus string

// The statuses of a tenant. Only an Active one serves its members.
const (
	Unclaimed TenantStatus = "unclaimed" // a reservation of its ID, which waits for the first owner
	Active    TenantStatus = "active"
	Suspended TenantStatus = "suspended"
	Deleted   TenantStatus = "deleted" // it can be restored until its purge
	Purging   TenantStatus = "purging" // its data is being removed
	Gone      TenantStatus = "gone"    // only its ID is left, which is not given out again
)

// TenantStatuses returns all statuses, in the order of a tenant's life.
func TenantStatuses() []TenantStatus {
	return []TenantStatus{Unclaimed, Active, Suspended, Deleted, Purging, Gone}
}

// ParseTenantStatus accepts the name of a status; anything else is an [Invalid] error on
// field "status".
func ParseTenantStatus(s string) (TenantStatus, error) {
	return parseWord("status", "a status", s, TenantStatuses()...)
}

// Each rule names the statuses that it accepts, so that a status which a later program
// adds is refused by all of them.

// ServesMembers reports whether members may act in a tenant of the status.
func (s TenantStatus) ServesMembers() bool { return s == Active }

// AcceptsMembers reports whether the operator may change the memberships of a tenant
// of the status.
func (s TenantStatus) AcceptsMembers() bool { return s == Active || s == Suspended }

// isLive reports whether a tenant of the status is neither reserved nor deleted: its
// record may be edited, and it may be suspended and deleted.
func (s TenantStatus) isLive() bool { return s == Active || s == Suspended }

// VisibleToOwners reports whether the owners of a tenant of the status may see and
// change its record.
func (s TenantStatus) VisibleToOwners() bool { return s == Active || s == Suspended || s == Deleted }

// ListsMembers reports whether the memberships and the invitations of a tenant of the
// status are listed: from its claim until they are removed.
func (s TenantStatus) ListsMembers() bool {
	return s == Active || s == Suspended || s == Deleted || s == Purging
}

// KeepsData reports whether a tenant of the status has its data, which setup brings up
// to date.
func (s TenantStatus) KeepsData() bool {
	return s == Unclaimed || s == Active || s == Suspended || s == Deleted
}

// MayBePurged reports whether the data of a tenant of the status may be removed.
func (s TenantStatus) MayBePurged() bool { return s == Deleted || s == Purging }

// Tenant is a row of the registry as it was read, not a proof.
type Tenant struct {
	ID             TenantID
	Name           string
	Status         TenantStatus
	CreatedAt      time.Time // UTC
	ClaimExpiresAt time.Time // when the reservation of an Unclaimed tenant ends; zero for any other
}

const maxTenantNameLen = 200

// ParseTenantName converts a display name to NFC without surrounding space. It
// refuses, as [Invalid] on field "name", a name that is not UTF-8, has a control
// character, or is longer than 200 characters. An empty name is valid.
func ParseTenantName(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", Invalidf("name", "a name is valid UTF-8")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", Invalidf("name", "a name has no control characters")
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	if utf8.RuneCountInString(s) > maxTenantNameLen {
		return "", Invalidf("name", "a name has at most %d characters", maxTenantNameLen)
	}
	return s, nil
}
