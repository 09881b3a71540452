package memory

import (
	"context"
	"strconv"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Workers admits jobs to tenants. It implements [ports.WorkerStore].
type Workers struct{ db *DB }

var _ ports.WorkerStore = (*Workers)(nil)

// Workers returns the admission of jobs to tenants.
func (db *DB) Workers() *Workers { return &Workers{db} }

// Admit implements [ports.WorkerStore]. The time of its creation distinguishes a tenant
// from earlier ones.
func (w *Workers) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	if err := w.db.Ready(ctx); err != nil {
		return ports.AdmittedWorker{}, err
	}
	w.db.mu.Lock()
	defer w.db.mu.Unlock()
	t := w.db.tenants[a.Tenant]
	if t == nil || !t.Status.ServesMembers() {
		return ports.AdmittedWorker{}, errTenantNotFound
	}
	event, err := domain.NewWorkerEvent(ctx, a.Tenant, a.Reason)
	if err != nil {
		return ports.AdmittedWorker{}, err
	}
	w.db.record(event)
	incarnation := ports.Incarnation(strconv.FormatInt(t.CreatedAt.UnixMicro(), 10))
	return ports.AdmittedWorker{Incarnation: incarnation, Limits: t.Limits}, nil
}
