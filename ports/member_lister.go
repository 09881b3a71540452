package ports

import (
	"context"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// MemberLister lists the members of a tenant.
type MemberLister interface {
	// List returns at most query.Limit members that match the query, in the order of
	// their providers and subjects by byte. Suspended members and those whose membership
	// has expired are members, too. The time for a page without filters does not grow
	// with the number of members before it. Suspended and deleted tenants list their
	// members, too, and those that are being purged what they still have. A tenant that is
	// absent, has no owner yet, or is gone is [domain.CodeTenantNotFound].
	List(ctx context.Context, query MemberQuery) ([]domain.Membership, error)
}

// MemberQuery selects members of Tenant. A zero filter selects all.
type MemberQuery struct {
	Tenant domain.TenantID
	After  domain.Identity // the members after this one; zero: from the first
	Limit  int

	Role  domain.Role
	State domain.MemberState
	Text  string // part of the address or the subject, whatever the case of ASCII letters
}

// Matches reports whether the filters select m.
func (q MemberQuery) Matches(m domain.Membership) bool {
	text := lowerASCII(q.Text)
	return (q.Role == "" || m.Role == q.Role) &&
		(q.State == "" || m.State == q.State) &&
		(strings.Contains(lowerASCII(m.Email.String()), text) || strings.Contains(lowerASCII(m.Identity.Subject()), text))
}

// lowerASCII lowers ASCII letters alone, as a database does in the collation "C".
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}
