package access

import "github.com/partywall-go/partywall/domain"

// OperatorAccess is a proof that the operator enters a tenant, and states the reason.
// The operator does not have to be a member. Only [Operator.Enter] builds one. The
// zero OperatorAccess opens no tenant.
type OperatorAccess struct {
	tenant domain.TenantID
	reason string
}

// Enter proves that the operator enters tenant id, for a reason of 1 to 200
// characters on one line. It does not check that the tenant exists: the scope that opens does.
//
// The zero Operator returns [domain.Forbidden]; an empty or malformed reason returns
// [domain.Invalid] on field "reason".
func (o Operator) Enter(id domain.TenantID, reason string) (OperatorAccess, error) {
	if err := o.Require(); err != nil {
		return OperatorAccess{}, err
	}
	if id.IsZero() {
		return OperatorAccess{}, domain.Invalidf("tenantId", "name the tenant to enter")
	}
	reason, err := domain.ParseReason(reason)
	if err != nil {
		return OperatorAccess{}, err
	}
	return OperatorAccess{id, reason}, nil
}

// IsZero reports whether a proves nothing.
func (a OperatorAccess) IsZero() bool { return a == OperatorAccess{} }

// Tenant returns the tenant that is entered.
func (a OperatorAccess) Tenant() domain.TenantID { return a.tenant }

// Reason returns the reason that the operator gave.
func (a OperatorAccess) Reason() string { return a.reason }
