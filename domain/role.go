package domain

import "slices"

// Role is what an identity is in a tenant. The zero Role may do nothing.
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

// permissions is the whole of what each role may do.
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
