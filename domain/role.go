package domain

import (
	"slices"
	"strings"
)

// Role is the role of an identity in a tenant. The zero Role may do nothing.
type Role string

// The roles, from the one that may do most.
const (
	RoleOwner  Role = "owner"
	RoleAdmin  Role = "admin"
	RoleMember Role = "member"
	RoleViewer Role = "viewer"
)

// Permission is one thing that a role may allow in a tenant.
type Permission string

// The permissions.
const (
	ReadFiles     Permission = "read files"
	WriteFiles    Permission = "write files"
	ManageMembers Permission = "manage members"
	ManageTenant  Permission = "manage the tenant"
)

// OwnPermissions returns the permissions that Partywall itself gives a meaning to.
func OwnPermissions() []Permission {
	return []Permission{ReadFiles, WriteFiles, ManageMembers, ManageTenant}
}

// Roles returns all roles, from the one that may do most.
func Roles() []Role { return []Role{RoleOwner, RoleAdmin, RoleMember, RoleViewer} }

// permissions has all permissions of each role.
var permissions = map[Role][]Permission{
	RoleOwner:  {ReadFiles, WriteFiles, ManageMembers, ManageTenant},
	RoleAdmin:  {ReadFiles, WriteFiles, ManageMembers},
	RoleMember: {ReadFiles, WriteFiles},
	RoleViewer: {ReadFiles},
}

// ParseRole accepts the name of a role; anything else is an [Invalid] error on field "role".
func ParseRole(s string) (Role, error) {
	return parseWord("role", "a role", s, Roles()...)
}

// parseWord returns s if it is one of the words. Anything else is an [Invalid] error on
// the field, which says that what is one of them.
func parseWord[T ~string](field, what, s string, words ...T) (T, error) {
	if slices.Contains(words, T(s)) {
		return T(s), nil
	}
	names := make([]string, len(words))
	for i, word := range words {
		names[i] = string(word)
	}
	return "", Invalidf(field, "%s is one of %s", what, strings.Join(names, ", "))
}

// May reports whether the role allows p.
func (r Role) May(p Permission) bool { return slices.Contains(permissions[r], p) }

// Require returns nil if the role allows p, and a [Forbidden] error if not.
func (r Role) Require(p Permission) error {
	if r.May(p) {
		return nil
	}
	return Errorf(Forbidden, "the role %s may not %s", r, p)
}

// ascending has the roles from none to the one that may do most.
var ascending = []Role{"", RoleViewer, RoleMember, RoleAdmin, RoleOwner}

// exceeds reports whether r is above other. A role that this program does not have is
// above all.
func (r Role) exceeds(other Role) bool {
	rank := slices.Index(ascending, r)
	return rank < 0 || rank > slices.Index(ascending, other)
}
