package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// CodeNoDatabase reports a request for SQL at an installation in memory.
const CodeNoDatabase domain.Code = "no_database"

// InTenant runs fn in one transaction inside the member's tenant: as the tenant's
// role, with the tenant's schema on the search path, so that a product's SQL uses
// unqualified table names. It commits if fn returns nil, and rolls back if fn returns an
// error or panics. fn must neither end the transaction itself nor keep tx.
//
// InTenant returns fn's error unchanged, and also the server's error if it refuses the
// commit. If the database cannot be used, the error is [domain.Unavailable]; if the
// context is done, it is the context's error. If the tenant was suspended since, it is
// [domain.CodeTenantNotFound]; for the zero Member, [domain.Forbidden]. Forbidden uses
// of fn are [domain.Internal] errors: to ignore a statement's error (scope_failed), to end
// the transaction (scope_ended), to call InTenant inside InTenant (scope_nested). With
// Memory the error is [CodeNoDatabase].
//
// The options are [ReadOnly] and [Isolation].
func (p *Partywall) InTenant(ctx context.Context, member access.Member, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if member.IsZero() {
		return domain.Errorf(domain.Forbidden, "only a member of the tenant may work inside it")
	}
	return p.inTenant(ctx, member.Tenant(), fn, options...)
}

// EnterTenant is [Partywall.InTenant] without a request, for jobs and support. The
// operator's proof is entry, see [access.Operator.Enter]. Each call logs a line
// with its reason and its outcome.
func (p *Partywall) EnterTenant(ctx context.Context, entry access.OperatorAccess, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) (err error) {
	if entry.IsZero() {
		return domain.Errorf(domain.Forbidden, "only the operator of this installation may enter a tenant")
	}
	began, outcome := time.Now(), "panic"
	defer func() {
		p.config.logger().LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "the operator entered a tenant",
			slog.String("audit", "tenant_entered"),
			slog.String("actor", "operator"),
			slog.String("tenant", entry.Tenant().String()),
			slog.String("reason", entry.Reason()),
			slog.String("outcome", outcome),
			slog.Duration("duration", time.Since(began)),
		)
	}()
	err = p.inTenant(ctx, entry.Tenant(), fn, options...)
	outcome = "done"
	if err != nil {
		outcome = err.Error()
	}
	return err
}

// EachTenant runs fn inside every active tenant, one after the other in the order
// of their IDs, each in a transaction of its own, see [Partywall.EnterTenant].
// If fn fails for one, it continues with the next. The error joins one error for each
// tenant that failed, and names it. A panic of fn is such a failure, and its stack is
// logged. So are [runtime.Goexit] and a test's FailNow, because fn runs in a goroutine of
// its own for each tenant. A tenant that is not served is skipped. A tenant that lacks a
// migration is a failure, because its work is not done. EachTenant stops when ctx is
// done, and when the registry cannot be read.
func (p *Partywall) EachTenant(ctx context.Context, operator access.Operator, reason string, fn func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error, options ...TxOption) error {
	var failures []error
	for tenant, err := range p.allTenants(ctx, operator) {
		if err != nil {
			return errors.Join(append(failures, err)...)
		}
		if !tenant.Status.ServesMembers() {
			continue
		}
		entry, err := operator.Enter(tenant.ID, reason)
		if err != nil {
			return err
		}
		entered := false
		err = p.survive(ctx, entry, func(ctx context.Context, tx *sqlx.Tx) error {
			entered = true
			return fn(ctx, tx, tenant)
		}, options...)
		switch {
		case ctx.Err() != nil:
			return errors.Join(append(failures, ctx.Err())...)
		case err == nil, !entered && domain.CodeOf(err) == domain.CodeTenantNotFound: // suspended in the meantime
		default:
			failures = append(failures, fmt.Errorf("in tenant %s: %w", tenant.ID, err))
		}
	}
	return errors.Join(failures...)
}

// survive is EnterTenant for work that must continue with other tenants if fn panics or
// ends its goroutine. Therefore fn has a goroutine of its own.
func (p *Partywall) survive(ctx context.Context, entry access.OperatorAccess, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	ended := make(chan error)
	go func() {
		err, returned := error(nil), false
		defer func() {
			switch value := recover(); {
			case value != nil:
				p.reportJob(ctx, "a job panicked inside a tenant", entry, "panic", value, "stack", string(debug.Stack()))
				err = panicked(value)
			case !returned:
				p.reportJob(ctx, "a job ended its goroutine inside a tenant", entry)
				err = errEndedGoroutine
			}
			ended <- err
		}()
		err = p.EnterTenant(ctx, entry, fn, options...)
		returned = true
	}()
	return <-ended
}

func (p *Partywall) reportJob(ctx context.Context, what string, entry access.OperatorAccess, more ...any) {
	p.config.logger().ErrorContext(ctx, what, append([]any{"tenant", entry.Tenant().String(), "reason", entry.Reason()}, more...)...)
}

var errEndedGoroutine = errors.New("it ended its goroutine (runtime.Goexit), as FailNow of a test does")

// panicked returns the error for a panic. If the panic's value is an error, it is the cause.
func panicked(value any) error {
	if cause, ok := value.(error); ok {
		return fmt.Errorf("panic: %w", cause)
	}
	return fmt.Errorf("panic: %v", value)
}

// allTenants reads the registry page by page, and stops at the first error.
func (p *Partywall) allTenants(ctx context.Context, operator access.Operator) iter.Seq2[domain.Tenant, error] {
	const page = 200
	return func(yield func(domain.Tenant, error) bool) {
		for after := (domain.TenantID{}); ; {
			found, err := p.Tenants.List(ctx, operator, after, page)
			if err != nil {
				yield(domain.Tenant{}, err)
				return
			}
			for _, tenant := range found {
				if !yield(tenant, nil) {
					return
				}
			}
			if len(found) < page {
				return
			}
			after = found[page-1].ID
		}
	}
}

func (p *Partywall) inTenant(ctx context.Context, id domain.TenantID, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if p.sql == nil {
		return errNoDatabase()
	}
	return p.sql.InTenant(ctx, id, fn, options...)
}

func errNoDatabase() *domain.Error {
	return domain.Errorf(domain.Internal, "memory has no SQL: configure a database, or use apptest.Open(t) in a test").WithCode(CodeNoDatabase)
}
