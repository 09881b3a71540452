package pg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// The codes of what Open and Setup refuse, for the operator to correct.
const (
	CodeNotSetUp         domain.Code = "database_not_set_up"
	CodeBehind           domain.Code = "database_behind"
	CodeMigrationChanged domain.Code = "migration_changed"
	CodeMigrationFailed  domain.Code = "migration_failed"
	CodeLocked           domain.Code = "database_locked"  // other sessions hold a lock that setup needs
	CodeSetupIncomplete  domain.Code = "setup_incomplete" // setup did all that it could; what is left concerns some tenants, or new ones
	CodeLoginRefused     domain.Code = "database_login_refused"
	CodeRolesMismatch    domain.Code = "tenant_roles_mismatch"
	CodeOtherProgram     domain.Code = "other_program" // a product with a hook that this program lacks set the database up
	CodeRightsLacking    domain.Code = "database_rights_lacking"
	CodeCopy             domain.Code = "database_is_a_copy"
	CodeOneGateProgram   domain.Code = "one_gate_program" // a program of an earlier release is connected, which would not find moved tenants
)

// The codes of a scope that its function used wrongly. All are [domain.Internal].
const (
	CodeScopeNested domain.Code = "scope_nested" // InTenant inside InTenant
	CodeScopeEnded  domain.Code = "scope_ended"  // it committed or rolled back by itself
	CodeScopeFailed domain.Code = "scope_failed" // a statement's error wasn't returned
)

// Refusal is an error for the operator, who starts the program or sets it up. It is
// [domain.Internal], so no caller reads its text.
func Refusal(code domain.Code, err error, format string, args ...any) *domain.Error {
	return domain.Errorf(domain.Internal, format, args...).WithCode(code).WithCause(err)
}

// Translate converts an error of the driver into one of the domain. No other function
// does. The operator reads in what which step failed; it is empty if err names the step.
func Translate(ctx context.Context, err error, what string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e
	}
	if done := ContextErr(ctx); done != nil { // lib/pq reports a cancel as the server's error
		return done
	}
	cause := err
	if advice := outageAdvice(err); advice != "" {
		cause = fmt.Errorf("%s: %w", advice, err)
	}
	if what != "" {
		cause = fmt.Errorf("%s: %w", what, cause)
	}
	message := WhyAgain(err)
	if errors.Is(err, errClosed()) {
		message, cause = "the program is stopping; try again", fmt.Errorf("the installation is closed: %w", cause)
	}
	if message != "" {
		return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("%s", message).WithCause(cause)
	}
	switch SQLState(err) {
	case pqerror.UniqueViolation:
		return domain.Errorf(domain.Conflict, "it exists already").WithCause(cause)
	case pqerror.CharacterNotInRepertoire:
		return domain.Errorf(domain.Invalid, "text is UTF-8 without zero bytes").WithCause(cause)
	}
	return domain.Errorf(domain.Internal, "the database refused").WithCause(cause)
}

// errClosed returns the error of a closed [sql.DB], which package sql does not export.
var errClosed = sync.OnceValue(func() error {
	db := sql.OpenDB(neverConnects{})
	_ = db.Close()
	return db.PingContext(context.Background())
})

type neverConnects struct{ driver.Connector }

// outageAdvice is what the operator does about a server that refuses what it usually
// does, or "".
func outageAdvice(err error) string {
	switch SQLState(err) {
	case pqerror.ReadOnlySQLTransaction:
		return "the server takes no changes: let DB_HOST name the primary, and see that default_transaction_read_only is off (the doctor check database-writable names the place)"
	case pqerror.DiskFull:
		return "the disk of the server is full: free space on it"
	}
	return ""
}

// WhyAgain says why the same request may succeed later, or "". It is for our own
// statements, which fail only because of load or because of each other.
func WhyAgain(err error) string {
	if Unavailable(err) {
		usual, _ := domain.CodeDatabaseUnavailable.Definition()
		return usual.Message
	}
	e := ServerError(err)
	if e == nil || Raised(e) {
		return ""
	}
	switch e.Code {
	case pqerror.LockNotAvailable:
		return "another change holds what this one needs; try again"
	case pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure:
		return "another change came between; try again"
	case pqerror.QueryCanceled:
		return "the database took too long; try again"
	}
	return ""
}

// Reason returns the cause of err where err itself only says that the database cannot be
// used.
func Reason(err error) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeDatabaseUnavailable && e.Err != nil {
		return Reason(e.Err)
	}
	return err
}

// ContextErr is ctx.Err, and [context.DeadlineExceeded] as soon as the deadline has
// passed: connections have the same deadline, and may time out before ctx is done.
func ContextErr(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// ServerError returns the server's error in err's chain, or nil.
func ServerError(err error) *pq.Error {
	e, _ := errors.AsType[*pq.Error](err)
	return e
}

// SQLState returns the server's code of the error, or "".
func SQLState(err error) pqerror.Code {
	if e := ServerError(err); e != nil {
		return e.Code
	}
	return ""
}

// Unavailable reports whether the database cannot be used now: there is no
// connection, or the server ended it, follows another server, or has run out of a
// resource. The failure of a single statement does not count, whatever its class: SQL
// can raise any class, and a statement that takes too long will do so again.
func Unavailable(err error) bool {
	if _, ok := errors.AsType[*loginFailure](err); ok {
		return true
	}
	e := ServerError(err)
	if e == nil {
		return Lost(err)
	}
	return Fatal(e) || !Raised(e) && (e.Code == pqerror.ReadOnlySQLTransaction || e.Code.Class() == "53")
}

// Fatal reports whether the server closed the connection with the error. lib/pq keeps
// only the severity in the language of lc_messages. If that is no English word, the
// code decides.
func Fatal(e *pq.Error) bool {
	switch e.Severity {
	case pqerror.SeverityFatal, pqerror.SeverityPanic:
		return true
	case "ERROR":
		return false
	}
	switch e.Code {
	case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.DatabaseDropped, pqerror.IdleSessionTimeout,
		pqerror.IdleInTransactionSessionTimeout, pqerror.TransactionTimeout, pqerror.TooManyConnections:
		return !Raised(e)
	}
	return false
}

// Raised reports whether the code is one that SQL chose, by RAISE in PL/pgSQL or by
// plpy.Error in PL/Python.
func Raised(e *pq.Error) bool { return e.Routine == "exec_stmt_raise" || e.Routine == "PLy_elog_impl" }

// Lost reports whether the connection was lost. Whether the server handled the last
// message is then unknown.
func Lost(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// ErrNoSuchTenant is the error for an unknown, a suspended and a foreign tenant.
func ErrNoSuchTenant() *domain.Error {
	return domain.NewError(domain.CodeTenantNotFound)
}

// Forbidden refuses what Config.User may not do. The text says what to grant.
func Forbidden(err error, format string, args ...any) *domain.Error {
	return Refusal(CodeRightsLacking, err, format, args...)
}
