package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// WorkerStore admits jobs to tenants.
type WorkerStore interface {
	// Admit admits a job to a tenant that serves members, records the event
	// [domain.EventWorkerAdmitted] by the operator, and returns what it found. Any other
	// tenant is [domain.CodeTenantNotFound], and has no event.
	Admit(ctx context.Context, admission WorkerAdmission) (AdmittedWorker, error)
}

// AdmittedWorker is what a store found of the tenant that a job was admitted to.
type AdmittedWorker struct {
	Incarnation Incarnation
	Limits      domain.TenantLimits // the tenant's own
}

// WorkerAdmission asks to admit a job of the operator to a tenant.
type WorkerAdmission struct {
	Tenant domain.TenantID
	Reason string // as [domain.ParseReason] returns it
}

// Validate returns a [domain.Invalid] error if the admission lacks its tenant
// ("tenantId") or its reason ("reason").
func (a WorkerAdmission) Validate() error {
	if err := a.Tenant.Require(); err != nil {
		return err
	}
	_, err := domain.ParseReason(a.Reason)
	return err
}

// Incarnation distinguishes the tenants that have the same ID one after the other. Each
// store forms it in its own way. It is only compared, and never empty.
type Incarnation string
