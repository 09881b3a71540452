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
)

// ServesMembers reports whether members may act in a tenant of the status.
func (s TenantStatus) ServesMembers() bool { return s == Active }

// HasOwner reports whether a tenant of the status belongs to an owner.
func (s TenantStatus) HasOwner() bool { return s == Active || s == Suspended }

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
