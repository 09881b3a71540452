package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// EachTenant runs fn inside every active tenant in the order of their IDs, each in a
// transaction of its own, by an [access.Worker] that it admits for the reason. One tenant
// is at work at a time, unless [Parallel] allows more; fn must be safe for that.
//
// If fn fails for one tenant, EachTenant continues with the next. The error joins a
// [TenantError] for each tenant that failed. A panic of fn is such a failure, and its
// stack is logged. So are [runtime.Goexit] and a test's FailNow, because fn runs in a
// goroutine of its own for each tenant. A tenant that is not active is skipped. A tenant
// that lacks a migration is a failure, because its work is not done.
//
// EachTenant stops when ctx is done, and when the registry cannot be read. It returns once
// each fn that is at work has returned. [OnProgress] gets a cursor after each tenant, from
// which [ResumeFrom] continues. A process may end between a commit and the record of its
// cursor, so fn must be such that it can run twice in a tenant.
//
// The zero Operator is [domain.Forbidden], a malformed reason [domain.Invalid], a nil fn
// [domain.Internal], and with Memory the error is [CodeNoDatabase].
func (p *Partywall) EachTenant(ctx context.Context, operator access.Operator, reason string, fn func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error, options ...EachOption) error {
	if err := operator.Require(); err != nil {
		return err
	}
	reason, err := domain.ParseReason(reason)
	if err != nil {
		return err
	}
	if err := mayRun(p.sql, fn != nil); err != nil {
		return err
	}
	r := &round{Partywall: p, operator: operator, reason: reason, fn: fn}
	for _, option := range options {
		option(&r.eachOptions)
	}
	r.parallel = max(1, min(r.parallel, p.sql.TenantConns()/2))
	r.order.cursor = r.from
	return r.run(ctx)
}

// round is a call of EachTenant.
type round struct {
	*Partywall
	operator access.Operator
	reason   string
	fn       func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error
	eachOptions

	// What follows belongs to the goroutine of EachTenant.
	order    roundOrder
	counts   RoundProgress
	failures []error
}

// run starts visits and waits for them. Only its own goroutine calls the product's
// progress, so that a panic of it is the caller's.
func (r *round) run(ctx context.Context) error {
	visiting, cancel := context.WithCancel(ctx)
	next, stop := iter.Pull2(r.visits(ctx))
	defer stop()
	ended, atWork := make(chan *visit, r.parallel), 0
	defer func() { // after a panic of the product's progress
		cancel()
		for ; atWork > 0; atWork-- {
			<-ended
		}
	}()
	for more := true; more || atWork > 0; {
		if more = more && ctx.Err() == nil; more && atWork < r.parallel {
			v, err, found := next()
			switch {
			case err != nil:
				r.failures, more = append(r.failures, err), false
			case !found:
				more = false
			default:
				if r.begin(v) {
					atWork++
					go r.visit(visiting, v, ended)
				}
			}
			continue
		}
		if atWork > 0 {
			v := <-ended
			atWork--
			r.end(ctx, v)
		}
	}
	if err := ctx.Err(); err != nil && !errors.Is(errors.Join(r.failures...), err) {
		r.failures = append(r.failures, err)
	}
	return errors.Join(r.failures...)
}

// begin reports whether the tenant is to be visited.
func (r *round) begin(v *visit) bool {
	r.order.begin(v)
	if v.tenant.Status.ServesMembers() {
		return true
	}
	v.outcome = skipped
	r.count(v)
	return false
}

// end takes note of a visit that has ended.
func (r *round) end(ctx context.Context, v *visit) {
	switch {
	case v.inactive:
		v.outcome = skipped
	case v.err == nil:
		v.outcome = done
	case ctx.Err() != nil:
		v.outcome = interrupted
	default:
		v.outcome, v.err = failed, &TenantError{v.tenant.ID, v.err}
		r.failures = append(r.failures, v.err)
	}
	r.count(v)
}

// count moves the cursor, and reports the progress.
func (r *round) count(v *visit) {
	r.order.end(v)
	switch v.outcome {
	case done:
		r.counts.Done++
	case skipped:
		r.counts.Skipped++
	case failed:
		r.counts.Failed++
	case interrupted:
		return
	}
	if r.progress != nil {
		r.counts.Tenant, r.counts.Err, r.counts.Cursor = v.tenant.ID, v.err, r.order.cursor
		r.progress(r.counts)
	}
}

// visits returns the tenants that failed before, and then those after the cursor page by
// page, in the order of their IDs. It ends with the first error.
func (r *round) visits(ctx context.Context) iter.Seq2[*visit, error] {
	return func(yield func(*visit, error) bool) {
		for _, id := range r.from.Failed {
			v, err := r.find(ctx, id)
			if !yield(v, err) || err != nil {
				return
			}
		}
		for after := r.from.After; ; {
			found, err := r.Tenants.List(ctx, r.operator, after, domain.MaxPage)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, tenant := range found {
				if !yield(&visit{tenant: tenant}, nil) {
					return
				}
			}
			if len(found) < domain.MaxPage {
				return
			}
			after = found[domain.MaxPage-1].ID
		}
	}
}

// find returns another visit of a tenant that failed. A tenant that does not exist any
// more has no status, so it is skipped.
func (r *round) find(ctx context.Context, id domain.TenantID) (*visit, error) {
	steward, err := r.operator.Steward(id)
	if err != nil {
		return nil, err
	}
	found, err := r.Tenants.Get(ctx, steward.Reader())
	if domain.CodeOf(err) == domain.CodeTenantNotFound {
		found.Tenant, err = domain.Tenant{ID: id}, nil
	}
	return &visit{tenant: found.Tenant, again: true}, err
}

// visit runs fn in one tenant, in a goroutine of its own, since fn may panic or end it.
func (r *round) visit(ctx context.Context, v *visit, ended chan<- *visit) {
	returned := false
	defer func() {
		switch value := recover(); {
		case value != nil:
			r.report(ctx, "a job panicked inside a tenant", v, "panic", value, "stack", string(debug.Stack()))
			v.err = panicked(value)
		case !returned:
			r.report(ctx, "a job ended its goroutine inside a tenant", v)
			v.err = errEndedGoroutine
		}
		ended <- v
	}()
	v.err = r.enter(ctx, v)
	returned = true
}

// enter runs fn in one tenant, and skips a tenant that is not active any more.
func (r *round) enter(ctx context.Context, v *visit) error {
	entered := false
	worker, err := r.Access.AdmitWorker(ctx, r.operator, v.tenant.ID, r.reason)
	if err == nil {
		err = r.work(ctx, worker, func(ctx context.Context, tx *sqlx.Tx) error {
			entered = true
			return r.fn(ctx, tx, v.tenant)
		}, r.tx...)
	}
	if !entered && domain.CodeOf(err) == domain.CodeTenantNotFound {
		v.inactive = true
		return nil
	}
	return err
}

func (r *round) report(ctx context.Context, what string, v *visit, more ...any) {
	r.config.logger().ErrorContext(ctx, what, append([]any{"tenant", v.tenant.ID.String(), "reason", r.reason}, more...)...)
}

var errEndedGoroutine = errors.New("it ended its goroutine (runtime.Goexit), as FailNow of a test does")

// panicked returns the error for a panic. If the panic's value is an error, it is the cause.
func panicked(value any) error {
	if cause, ok := value.(error); ok {
		return fmt.Errorf("panic: %w", cause)
	}
	return fmt.Errorf("panic: %v", value)
}
