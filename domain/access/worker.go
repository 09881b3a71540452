package access

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Worker is a proof that a job of the operator may act inside an active tenant, for a
// reason. Only [Service.AdmitWorker] builds one. The zero Worker may do nothing.
//
// A Worker may be kept and used again, because each use checks the tenant: a tenant that
// was suspended or deleted in the meantime is not entered, nor is a later tenant with
// the same ID.
type Worker struct {
	tenant      domain.TenantID
	reason      string
	incarnation ports.Incarnation
}

// AdmitWorker proves that a job of the operator may act inside the active tenant id, for
// a reason of 1 to 200 characters on one line, and records the event
// [domain.EventWorkerAdmitted] with the reason. The operator does not have to be a member.
//
// The zero Operator returns [domain.Forbidden], and an empty or malformed reason
// [domain.Invalid] on field "reason". All tenants that are not active return the same
// [domain.CodeTenantNotFound].
func (s *Service) AdmitWorker(ctx context.Context, operator Operator, id domain.TenantID, reason string) (Worker, error) {
	if err := operator.Require(); err != nil {
		return Worker{}, err
	}
	if err := id.Require(); err != nil {
		return Worker{}, err
	}
	reason, err := domain.ParseReason(reason)
	if err != nil {
		return Worker{}, err
	}
	found, err := s.Workers.Admit(ctx, ports.WorkerAdmission{Tenant: id, Reason: reason})
	if err != nil {
		return Worker{}, err
	}
	s.InFlight.Note(id, found.Limits)
	return Worker{id, reason, found.Incarnation}, nil
}

// IsZero reports whether w proves nothing.
func (w Worker) IsZero() bool { return w == Worker{} }

// Tenant returns the tenant that the worker was admitted to.
func (w Worker) Tenant() domain.TenantID { return w.tenant }

// Reason returns the reason that the operator gave.
func (w Worker) Reason() string { return w.reason }

// Incarnation returns which of the tenants with the ID the worker was admitted to.
func (w Worker) Incarnation() ports.Incarnation { return w.incarnation }
