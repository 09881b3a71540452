package tenants

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
)

// Visit is a proven fact: the operator enters this tenant, of which they needn't
// be a member, and says why. Only [Operator.Visit] builds one. The zero Visit
// leads nowhere.
type Visit struct {
	tenant domain.TenantID
	reason string
}

// maxReasonLen is a line in the log, in bytes.
const maxReasonLen = 200

// Visit proves that the operator enters tenant id, for a reason of 1 to 200 bytes
// on one line. It doesn't look whether there is such a tenant: entering does.
//
// The zero Operator is [domain.Forbidden]; a reason that says nothing is
// [domain.Invalid] on field "reason".
func (o Operator) Visit(id domain.TenantID, reason string) (Visit, error) {
	if err := o.require(); err != nil {
		return Visit{}, err
	}
	if id.IsZero() {
		return Visit{}, domain.Invalidf("tenantId", "name the tenant to enter")
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxReasonLen || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl) {
		return Visit{}, domain.Invalidf("reason", "say in 1 to %d bytes, on one line, why the tenant is entered", maxReasonLen)
	}
	return Visit{id, reason}, nil
}

// Tenant returns the tenant that is entered.
func (v Visit) Tenant() domain.TenantID { return v.tenant }

// Reason returns why.
func (v Visit) Reason() string { return v.reason }
