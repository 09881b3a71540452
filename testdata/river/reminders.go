package river

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// Reminder is a job of a tenant: to remind of an unpaid invoice.
//
// The tenant is among the unique arguments, because River's unique index spans all
// tenants: without it the job of a neighbour would make the insert fail (42501).
type Reminder struct {
	Tenant  string `json:"tenant" river:"unique"`
	Invoice int64  `json:"invoice" river:"unique"`
}

// Kind implements [river.JobArgs].
func (Reminder) Kind() string { return "reminder" }

// InsertOpts makes River keep one job for each invoice.
func (Reminder) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Enqueuer returns a client that inserts jobs in the transactions of tenants.
func Enqueuer() (*river.Client[*sql.Tx], error) {
	return river.NewClient(riverdatabasesql.New(nil), &river.Config{Schema: "shared"})
}

// Remind enqueues a reminder in a transaction of the tenant, so that there is a job if and
// only if the transaction commits.
func Remind(ctx context.Context, client *river.Client[*sql.Tx], tx *sqlx.Tx, tenant domain.TenantID, invoice int64) error {
	_, err := client.InsertTx(ctx, tx.Tx, Reminder{tenant.String(), invoice}, nil)
	return err
}

// Reminders runs reminders, each inside its tenant.
type Reminders struct {
	river.WorkerDefaults[Reminder]
	PW *app.Partywall
}

// Work implements [river.Worker]. A CHECK of the table makes sure that the job's arguments
// name the tenant that inserted it. The job may run twice, so the update of a row decides.
func (r *Reminders) Work(ctx context.Context, job *river.Job[Reminder]) error {
	id, err := domain.ParseTenantID(job.Args.Tenant)
	if err != nil {
		return river.JobCancel(err)
	}
	worker, err := r.PW.Access.AdmitWorker(ctx, access.Installation(), id, fmt.Sprintf("reminder of invoice %d", job.Args.Invoice))
	if domain.CodeOf(err) == domain.CodeTenantNotFound { // it is suspended, deleted or gone
		return river.JobCancel(err)
	}
	if err != nil {
		return err
	}
	return r.PW.InTenant(ctx, worker, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE invoices SET reminded = true WHERE id = $1 AND NOT reminded`, job.Args.Invoice)
		return err
	})
}

// NewWorkers returns a client that runs jobs. Its connections are those of db, which is
// opened with the address that [app.Partywall.SharedURL] returns.
func NewWorkers(pw *app.Partywall, db *sql.DB, config *river.Config) (*river.Client[*sql.Tx], error) {
	config.Workers = river.NewWorkers()
	if err := river.AddWorkerSafely(config.Workers, &Reminders{PW: pw}); err != nil {
		return nil, err
	}
	config.Schema = "shared"
	return river.NewClient(riverdatabasesql.New(db), config)
}

// ForgetJobs is a consumer of events, for [events.Service.Consume]. It removes the jobs of
// a tenant that was purged, which would run in a later tenant with the same ID, and be
// visible there.
func ForgetJobs(pw *app.Partywall) func(ctx context.Context, event domain.Event) error {
	return func(ctx context.Context, event domain.Event) error {
		if event.Kind != domain.EventTenantPurged {
			return nil
		}
		return pw.InShared(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM river_job WHERE tenant = $1`, event.Tenant.String())
			return err
		})
	}
}
