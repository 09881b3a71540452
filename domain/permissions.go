package domain

import (
	"slices"
	"strings"
	"unicode"
)

// Permissions are a product's own permissions, each with the roles that have it. The
// nil Permissions are none.
type Permissions struct{ roles map[Permission][]Role }

const maxPermissionLen = 64

// NewPermissions returns the permissions with the roles of each. A name of 1 to 64
// bytes on one line completes the sentence "the role viewer may not ...". A name that
// Partywall itself gives a meaning to, and a role that does not exist, are refused as
// [Invalid] on field "permissions".
func NewPermissions(roles map[Permission][]Role) (*Permissions, error) {
	p := &Permissions{make(map[Permission][]Role, len(roles))}
	for name, allowed := range roles {
		text := string(name)
		switch {
		case text == "" || len(text) > maxPermissionLen || text != strings.TrimSpace(text) || strings.ContainsFunc(text, unicode.IsControl):
			return nil, Invalidf("permissions", "the permission %q does not have 1 to %d bytes on one line", text, maxPermissionLen)
		case slices.Contains(OwnPermissions(), name):
			return nil, Invalidf("permissions", "the permission %q is Partywall's own; choose another name", text)
		}
		for _, role := range allowed {
			if _, err := ParseRole(string(role)); err != nil {
				return nil, Invalidf("permissions", "the permission %q names the role %q, which does not exist", text, role)
			}
		}
		p.roles[name] = slices.Clone(allowed)
	}
	return p, nil
}

// Allow reports whether the role has the permission of the product.
func (p *Permissions) Allow(role Role, permission Permission) bool {
	return p != nil && slices.Contains(p.roles[permission], role)
}
