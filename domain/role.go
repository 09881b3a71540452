package domain

import "slices"

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

// permissions has all permissions of each role.
var permissions = map[Role][]Permission{
	RoleOwner:  {ReadFiles, WriteFiles, ManageMembers, ManageTenant},
	RoleAdmin:  {ReadFiles, WriteFiles, ManageMembers},
	RoleMember: {ReadFiles, WriteFiles},
	RoleViewer: {ReadFiles},
}

// ParseRole accepts the name of a role; anything else is an [Invalid] error on field "role".
func ParseRole(s string) (Role, error) {
	if _, known := permissions[Role(s)]; !known {
		return "", Invalidf("role", "a role is one of owner, admin, member, viewer")
	}
	return Role(s), nil
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

// CheckRoleChange returns nil if by may change member's role to to in the tenant that
// both belong to. The empty role ends the membership. A zero Membership is none.
//
// Each member may leave. Any other change requires [ManageMembers], and neither the
// member's role nor the new one may be above by's own: only owners promote and demote
// owners. CheckRoleChange does not check whether an owner remains.
//
// Errors: [CodeTenantNotFound] if by is no member, [Forbidden] without the
// permission, [CodeMemberNotFound] if there is no member, [CodeRoleTooLow].
func CheckRoleChange(by, member Membership, to Role) error {
	switch {
	case by.Role == "":
		return NewError(CodeTenantNotFound)
	case to == "" && member.Identity == by.Identity:
		return nil
	}
	if err := by.Role.Require(ManageMembers); err != nil {
		return err
	}
	switch {
	case member.Role == "":
		return NewError(CodeMemberNotFound)
	case member.Role.exceeds(by.Role), to.exceeds(by.Role):
		return NewError(CodeRoleTooLow)
	}
	return nil
}
