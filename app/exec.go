package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Execution is one statement that the operator runs inside tenants.
type Execution struct {
	SQL    string // one statement, which the server checks
	Reason string // for the log and the owners of each tenant, 1 to 200 characters

	// The statement runs once in each tenant that Tenants names, or in each active tenant
	// that Where selects, or in each active tenant if All is set. One of the three must be
	// given, so that a list that happens to be empty does not select all.
	Tenants []domain.TenantID
	Where   ports.TenantQuery
	All     bool

	// Write lets the statement change rows. Otherwise the server refuses that.
	Write bool

	// Workers is the number of tenants at once, at most the number of connections that
	// serve tenants. Zero means [DefaultExecWorkers].
	Workers int
}

// DefaultExecWorkers is the number of tenants at once of an [Execution] that sets none.
const DefaultExecWorkers = 4

// ExecutedRow is what a statement returned inside one tenant: a row, or how many rows
// it changed.
type ExecutedRow struct {
	Tenant  domain.TenantID
	Columns []string // nil: the statement returns no rows, and Changed counts
	Values  []Value
	Changed int64 // rows
}

// Value is a value of a row, whatever its type. It writes itself as text and as JSON.
type Value = postgres.Value

// TenantError is the failure of one tenant among several.
type TenantError struct {
	Tenant domain.TenantID
	Err    error
}

// Error names the tenant.
func (e *TenantError) Error() string { return "in tenant " + e.Tenant.String() + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *TenantError) Unwrap() error { return e.Err }

// Exec runs one statement inside tenants, as the role of each, in parallel, each in a
// transaction of its own, by an [access.Worker] that it admits for the reason. Each row
// goes to receive, which runs in the goroutine of Exec and must not keep the row. An error
// of receive ends everything.
//
// It enters tenants that are behind the program's migrations, too, since the statement may
// remove the cause.
//
// A tenant that fails stops no other. The error joins a [TenantError] for
// each, and rows of such a tenant may have been received. An active tenant that is
// suspended meanwhile is left out, unless e.Tenants names it.
func (p *Partywall) Exec(ctx context.Context, operator access.Operator, e Execution, receive func(ExecutedRow) error) error {
	return executor{p.sql, p.Tenants, p.Access, p.config.logger()}.run(ctx, operator, e, receive)
}

// Exec is [Partywall.Exec].
func (r *Registry) Exec(ctx context.Context, operator access.Operator, e Execution, receive func(ExecutedRow) error) error {
	workers := &access.Service{Workers: r.stores.workers}
	return executor{r.sql, r.Tenants, workers, r.config.logger()}.run(ctx, operator, e, receive)
}

// executor runs statements inside tenants.
type executor struct {
	sql     *postgres.DB // nil on memory
	tenants *tenants.Service
	access  *access.Service // that admits workers
	logger  *slog.Logger
}

func (x executor) run(ctx context.Context, operator access.Operator, e Execution, receive func(ExecutedRow) error) error {
	if err := operator.Require(); err != nil {
		return err
	}
	if err := mayRun(x.sql, receive != nil); err != nil {
		return err
	}
	reason, err := domain.ParseReason(e.Reason)
	if err != nil {
		return err
	}
	e.Reason = reason
	if err := e.checkSelection(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := &execution{executor: x, Execution: e, operator: operator, rows: make(chan passedRow), stop: cancel}
	queue := make(chan domain.TenantID)
	var working sync.WaitGroup
	var listed error
	working.Go(func() {
		defer close(queue)
		listed = run.feed(ctx, queue)
	})
	for range x.workers(e) {
		working.Go(func() {
			for id := range queue {
				run.note(ctx, id, run.in(ctx, id))
			}
		})
	}
	run.passAll(&working, receive)
	if err := context.Cause(ctx); err != nil {
		listed = err
	}
	return errors.Join(append(run.failures, listed)...)
}

// checkSelection refuses an execution that selects tenants in no way, or in several.
func (e Execution) checkSelection() error {
	ways := 0
	for _, given := range []bool{len(e.Tenants) > 0, e.Where != ports.TenantQuery{}, e.All} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return domain.Invalidf("tenants", "select the tenants by one of Tenants, Where and All")
	}
	return nil
}

// workers is how many tenants are at work at once. More than there are connections
// would wait for each other.
func (x executor) workers(e Execution) int {
	n := e.Workers
	if n < 1 {
		n = DefaultExecWorkers
	}
	return min(n, x.sql.TenantConns())
}

// execution is an [Execution] at work.
type execution struct {
	executor
	Execution
	operator access.Operator
	rows     chan passedRow          // from the workers to the goroutine of Exec
	stop     context.CancelCauseFunc // ends everything

	mu       sync.Mutex // guards what follows
	failures []error
}

// passedRow is a row for the caller, whose worker waits for the result.
type passedRow struct {
	ExecutedRow
	result chan<- error
}

// feed passes the IDs of the tenants on, until ctx is done.
func (x *execution) feed(ctx context.Context, queue chan<- domain.TenantID) error {
	for id, err := range x.selected(ctx) {
		if err != nil {
			return err
		}
		select {
		case queue <- id:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// selected returns the tenants that are named, or those of the query page by page.
func (x *execution) selected(ctx context.Context) iter.Seq2[domain.TenantID, error] {
	return func(yield func(domain.TenantID, error) bool) {
		seen := map[domain.TenantID]bool{}
		for _, id := range x.Tenants {
			if !seen[id] && !yield(id, nil) {
				return
			}
			seen[id] = true
		}
		if len(x.Tenants) > 0 {
			return
		}
		query := x.Where
		query.Status = domain.Active
		for after := (domain.TenantID{}); ; {
			found, err := x.tenants.Search(ctx, x.operator, query, after, domain.MaxPage)
			if err != nil {
				yield(domain.TenantID{}, err)
				return
			}
			for _, tenant := range found.Tenants {
				if !yield(tenant.ID, nil) {
					return
				}
			}
			if after = found.Next; after.IsZero() {
				return
			}
		}
	}
}

// in runs the statement inside one tenant.
func (x *execution) in(ctx context.Context, id domain.TenantID) error {
	worker, err := x.access.AdmitWorker(ctx, x.operator, id, x.Reason)
	if err != nil {
		return err
	}
	return logEntry(ctx, x.logger, worker, func() error {
		return x.sql.Exec(ctx, id, worker.Incarnation(), x.SQL, postgres.ExecSink{
			Row: func(columns []string, values []Value) error {
				return x.pass(ExecutedRow{Tenant: id, Columns: columns, Values: values})
			},
			Affected: func(rows int64) { _ = x.pass(ExecutedRow{Tenant: id, Changed: rows}) }, // pass ends everything
		}, x.options()...)
	})
}

// note records the failure of a tenant, unless it ended everything or the tenant was
// selected and is not active any more.
func (x *execution) note(ctx context.Context, id domain.TenantID, err error) {
	if err == nil || ctx.Err() != nil || len(x.Tenants) == 0 && domain.CodeOf(err) == domain.CodeTenantNotFound {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failures = append(x.failures, &TenantError{id, err})
}

// pass gives the caller a row.
func (x *execution) pass(row ExecutedRow) error {
	result := make(chan error, 1)
	x.rows <- passedRow{row, result}
	return <-result
}

// passAll calls receive with each row until the workers have ended. Only the goroutine of
// Exec calls it, so that a panic of receive is the caller's, and so is a test's FailNow.
func (x *execution) passAll(working *sync.WaitGroup, receive func(ExecutedRow) error) {
	ended := make(chan struct{})
	go func() { working.Wait(); close(ended) }()
	for {
		select {
		case <-ended:
			return
		case row := <-x.rows:
			x.passOn(row, receive, ended)
		}
	}
}

// errNotReceived is the result of the rows that a receiver which panics leaves behind.
var errNotReceived = errors.New("the function that receives the rows did not return")

// passOn calls receive with a row. If that fails, or does not return, everything ends.
func (x *execution) passOn(row passedRow, receive func(ExecutedRow) error, ended <-chan struct{}) {
	err := errNotReceived
	defer func() {
		if err != nil {
			x.stop(fmt.Errorf("cannot pass on the rows: %w", err))
		}
		row.result <- err
		if err != nil {
			x.refuseAll(ended, err)
		}
	}()
	err = receive(row.ExecutedRow)
}

// refuseAll refuses all further rows until the workers have ended.
func (x *execution) refuseAll(ended <-chan struct{}, err error) {
	for {
		select {
		case <-ended:
			return
		case row := <-x.rows:
			row.result <- err
		}
	}
}

func (x *execution) options() []TxOption {
	if x.Write {
		return nil
	}
	return []TxOption{ReadOnly}
}
