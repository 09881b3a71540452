package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// CodeNoDatabase reports a request for SQL at an installation in memory.
const CodeNoDatabase domain.Code = "no_database"

// InTenant runs fn in one transaction inside the tenant of a proof, an [access.Member] or
// an [access.Worker]: as the tenant's role, with the tenant's schema on the search path,
// so that a product's SQL uses unqualified table names. It commits if fn returns nil, and
// rolls back if fn returns an error or panics. fn must neither end the transaction itself
// nor keep tx.
//
// InTenant returns fn's error unchanged, and also the server's error if it refuses the
// commit. If the database cannot be used, the error is [domain.Unavailable]; if the
// context is done, it is the context's error. If the tenant was suspended since, it is
// [domain.CodeTenantNotFound]; for a zero proof, [domain.Forbidden]. Forbidden uses
// of fn are [domain.Internal] errors: to ignore a statement's error (scope_failed), to end
// the transaction (scope_ended), to call InTenant inside InTenant (scope_nested). So is a
// nil fn. With Memory the error is [CodeNoDatabase].
//
// For a Worker, InTenant also logs a line with the reason and the outcome, and a tenant
// that has the ID of the Worker's after a purge is [domain.CodeTenantNotFound].
//
// The options are [ReadOnly] and [Isolation].
func (p *Partywall) InTenant(ctx context.Context, proof access.Scope, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	switch proof := proof.(type) { // the types themselves, because a type that embeds one may lie about its tenant
	case access.Member:
		if !proof.IsZero() {
			return p.inTenant(ctx, proof, fn, options...)
		}
	case access.Worker:
		if !proof.IsZero() {
			return p.work(ctx, proof, fn, options...)
		}
	}
	return domain.Errorf(domain.Forbidden, "only a member of the tenant or a worker may act inside it")
}

func (p *Partywall) inTenant(ctx context.Context, member access.Member, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if err := mayRun(p.sql, fn != nil); err != nil {
		return err
	}
	return p.sql.InTenant(ctx, member.Tenant(), fn, options...)
}

// work is InTenant for a Worker. It logs the outcome even if fn panics.
func (p *Partywall) work(ctx context.Context, worker access.Worker, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if err := mayRun(p.sql, fn != nil); err != nil {
		return err
	}
	return logEntry(ctx, p.config.logger(), worker, func() error {
		return p.sql.InIncarnation(ctx, worker.Tenant(), worker.Incarnation(), fn, options...)
	})
}

// logEntry calls enter, and logs how the worker's stay inside its tenant ended.
func logEntry(ctx context.Context, logger *slog.Logger, worker access.Worker, enter func() error) (err error) {
	began, outcome := time.Now(), "panic"
	defer func() {
		logger.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "the operator entered a tenant",
			slog.String("audit", "tenant_entered"),
			slog.String("actor", "operator"),
			slog.String("tenant", worker.Tenant().String()),
			slog.String("reason", worker.Reason()),
			slog.String("outcome", outcome),
			slog.Duration("duration", time.Since(began)),
		)
	}()
	err = enter()
	outcome = "done"
	if err != nil {
		outcome = err.Error()
	}
	return err
}

// mayRun returns an error if the caller has no function, or the installation no SQL.
func mayRun(sql *postgres.DB, hasFunction bool) error {
	if !hasFunction {
		return domain.Errorf(domain.Internal, "the function to call is nil")
	}
	if sql == nil {
		return errNoDatabase()
	}
	return nil
}

func errNoDatabase() *domain.Error {
	return domain.Errorf(domain.Internal, "memory has no SQL: configure a database, or use apptest.Open(t) in a test").WithCode(CodeNoDatabase)
}
