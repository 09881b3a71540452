package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// The codes of what [Open] and [Setup] refuse, for the operator to mend.
const (
	CodeNotSetUp         domain.Code = "database_not_set_up"
	CodeBehind           domain.Code = "database_behind"
	CodeMigrationChanged domain.Code = "migration_changed"
	CodeMigrationFailed  domain.Code = "migration_failed"
	CodeLoginRefused     domain.Code = "database_login_refused"
	CodeRolesMismatch    domain.Code = "tenant_roles_mismatch"
	CodeRightsLacking    domain.Code = "database_rights_lacking"
)

// The codes of a scope that its function used wrongly. All are [domain.Internal].
const (
	CodeScopeNested domain.Code = "scope_nested" // InTenant inside InTenant
	CodeScopeEnded  domain.Code = "scope_ended"  // it committed or rolled back by itself
	CodeScopeFailed domain.Code = "scope_failed" // a statement's error wasn't returned
)

// refusal is an error for the operator, who starts the program or sets it up. It is
// [domain.Internal], so no caller reads its text.
func refusal(code domain.Code, err error, format string, args ...any) *domain.Error {
	return &domain.Error{Kind: domain.Internal, Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// retryAfter is when a client should ask again: what heals by itself does so in seconds.
const retryAfter = 2 * time.Second

// translate is the one place where the driver's errors become the domain's.
// What names what was attempted, for the operator.
func translate(ctx context.Context, err error, what string) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e
	}
	if done := contextErr(ctx); done != nil { // lib/pq reports a cancel as the server's error
		return done
	}
	cause := fmt.Errorf("%s: %w", what, err)
	if unavailable(err) {
		return &domain.Error{Kind: domain.Unavailable, Code: domain.CodeDatabaseUnavailable, Message: "the database can't be used now", RetryAfter: retryAfter, Err: cause}
	}
	switch sqlState(err) {
	case pqerror.UniqueViolation:
		return &domain.Error{Kind: domain.Conflict, Message: "it exists already", Err: cause}
	case pqerror.CharacterNotInRepertoire:
		return &domain.Error{Kind: domain.Invalid, Message: "text has no zero bytes", Err: cause}
	}
	return &domain.Error{Kind: domain.Internal, Message: "the database refused", Err: cause}
}

// contextErr is ctx.Err, also in the moment between a deadline and the timer
// that tells of it: the network looks at the clock itself.
func contextErr(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// sqlState returns the server's code of the error, or "".
func sqlState(err error) pqerror.Code {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return e.Code
	}
	return ""
}

// unavailable reports whether the same request may succeed later, with nothing
// mended but the database or the way there.
func unavailable(err error) bool {
	if code := sqlState(err); code != "" {
		return unavailableState(code) || loginRefused(err)
	}
	return lost(err)
}

// lost reports whether the connection is gone, so that nobody knows what became
// of the last message.
func lost(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// loginRefused reports whether the server knows no such login, with this
// password, from here.
func loginRefused(err error) bool {
	code := sqlState(err)
	return code != "" && code.Class() == "28"
}

func unavailableState(code pqerror.Code) bool {
	switch code.Class() {
	case "08", "53", "57", "58": // connection, resources, operator (and timeouts), system
		return true
	}
	switch code {
	case pqerror.LockNotAvailable, pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure,
		pqerror.ReadOnlySQLTransaction, // a standby, or a server that is about to become one
		pqerror.IdleInTransactionSessionTimeout, pqerror.TransactionTimeout:
		return true
	}
	return false
}

// loginError tells the operator why login wasn't let in, where waiting won't
// help. Anything else goes through [translate].
func loginError(ctx context.Context, cfg Config, login string, err error) error {
	if err == nil {
		return nil
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	refused := loginRefused(err)
	switch {
	case sqlState(err) == pqerror.InvalidCatalogName:
		return refusal(CodeNotSetUp, err, "the database %q doesn't exist: run `partywall setup`", cfg.Database)
	case refused && login != cfg.User:
		return refusal(CodeLoginRefused, err, "the database refuses the login %q: DB_GATE_SECRET or DB_PASSWORD has changed since the last `partywall setup`; run it again", login)
	case refused:
		return refusal(CodeLoginRefused, err, "the database refuses the user %q: check DB_USER and DB_PASSWORD", login)
	case untrusted, unknown, errors.Is(err, pq.ErrSSLNotSupported):
		return refusal(CodeLoginRefused, err, "no safe connection to %s with DB_SSLMODE=%s: %v", cfg.Host, cfg.SSLMode, err)
	}
	return translate(ctx, err, "log in as "+login)
}

// errNoSuchTenant is what an unknown, a suspended and a foreign tenant get alike.
func errNoSuchTenant() *domain.Error {
	return &domain.Error{Kind: domain.NotFound, Code: domain.CodeTenantNotFound, Message: "there is no such tenant"}
}
