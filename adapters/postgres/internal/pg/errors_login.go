package pg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
	"github.com/partywall-go/partywall/domain"
)

// LoginRefused reports whether login failed for want of the right password, right or
// proof, so that waiting doesn't help.
func LoginRefused(err error) bool {
	if _, ok := errors.AsType[*loginFailure](err); !ok {
		return false
	}
	if _, ok := errors.AsType[*pgwire.Unproven](err); ok {
		return true
	}
	e := ServerError(err)
	return e != nil && (e.Code.Class() == "28" || poolerRefuses(e))
}

// poolerRefuses reports whether PgBouncer refuses the user or the password: it has
// one code for nearly everything.
func poolerRefuses(e *pq.Error) bool {
	if e.Code != pqerror.ProtocolViolation {
		return false
	}
	for _, words := range []string{"authentication failed", "no such user", "login rejected"} {
		if strings.Contains(e.Message, words) {
			return true
		}
	}
	return false
}

// LoginError says why the server refused login, and what the operator does about it. Where
// waiting helps it is [domain.Unavailable], and the operator's text is its cause: a
// product may pass the error on to a caller.
func LoginError(ctx context.Context, cfg Config, login string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*pgwire.Unproven](err); ok {
		return Refusal(CodeLoginRefused, e, "%s", e.Error())
	}
	if e, ok := errors.AsType[*pgwire.TLSFailure](err); ok {
		unsafe := fmt.Sprintf("no safe connection to %s with DB_SSLMODE=%s", cfg.Host, cfg.SSLMode)
		if advice := TLSAdvice(e); advice != "" {
			unsafe += ": " + advice
		}
		return Refusal(CodeLoginRefused, e, "%s", unsafe)
	}
	if e := ServerError(err); e != nil {
		if refused := cfg.loginRefusal(login, e); refused != nil {
			return refused
		}
		if advice := cfg.loginDelay(login, e); advice != "" {
			return domain.NewError(domain.CodeDatabaseUnavailable).WithCause(Refusal(domain.CodeDatabaseUnavailable, e, "%s", advice))
		}
	}
	what := "log in as " + login
	if _, named := errors.AsType[*loginFailure](err); named {
		what = ""
	}
	return Translate(ctx, err, what)
}

// loginAdvice is what the operator does about err, the failure of a log-in, or "".
func (c Config) loginAdvice(login string, err error) string {
	e := ServerError(err)
	if e == nil {
		if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
			return fmt.Sprintf("check that a server listens at %s, which DB_HOST and DB_PORT name", c.Address())
		}
		return TLSAdvice(err)
	}
	if refused, ok := errors.AsType[*domain.Error](c.loginRefusal(login, e)); ok {
		return refused.Message
	}
	return c.loginDelay(login, e)
}

// loginRefusal is what e says about a log-in that waiting doesn't help, or nil.
func (c Config) loginRefusal(login string, e *pq.Error) error {
	switch {
	case e.Code == pqerror.InvalidCatalogName:
		return Refusal(CodeNotSetUp, e, "the database %q doesn't exist: %s", c.Database, c.SetItUp())
	case e.Code == pqerror.InvalidPassword || poolerRefuses(e):
		return Refusal(CodeLoginRefused, e, "%s", c.passwordAdvice(login))
	case e.Code.Class() == "28":
		return Refusal(CodeLoginRefused, e, "the server does not let %q in, before it looks at the password (%s): %s", login, e.Message, c.hbaAdvice(login, e.Message))
	case e.Code == pqerror.InsufficientPrivilege:
		return Refusal(CodeLoginRefused, e, "the login %q may not connect to the database %q: run GRANT CONNECT ON DATABASE %s TO %s as its owner", login, c.Database, pq.QuoteIdentifier(c.Database), pq.QuoteIdentifier(login))
	case e.Code == pqerror.ObjectNotInPrerequisiteState:
		return Refusal(CodeLoginRefused, e, "the database %q takes no connections (%s): run ALTER DATABASE %s ALLOW_CONNECTIONS true as a superuser", c.Database, e.Message, pq.QuoteIdentifier(c.Database))
	}
	return nil
}

func (c Config) passwordAdvice(login string) string {
	if login == c.User {
		return fmt.Sprintf("the server refuses the password of %q: check DB_USER and DB_PASSWORD, and that the password is stored as SCRAM: SET password_encryption = 'scram-sha-256' before ALTER ROLE %s PASSWORD ...", login, pq.QuoteIdentifier(login))
	}
	return fmt.Sprintf("the server refuses the password of the login %q: DB_GATE_SECRET or DB_PASSWORD has changed since the last setup: %s", login, c.SetItUp())
}

// hbaAdvice is what to do about a log-in that pg_hba.conf doesn't let through.
func (c Config) hbaAdvice(login, words string) string {
	switch {
	case strings.Contains(words, "no encryption") && !c.Server().Encrypts():
		return "it may ask for TLS: set DB_SSLMODE=verify-full, or add a line for connections without TLS to its pg_hba.conf"
	case strings.Contains(words, "pg_hba.conf"):
		return fmt.Sprintf("add a line to its pg_hba.conf that lets %s into %s from this address by scram-sha-256", login, c.Database)
	case strings.Contains(words, "does not exist") && login != c.User:
		return c.SetItUp() + ", which makes it"
	case strings.Contains(words, "does not exist"):
		return "check DB_USER, or make the role"
	case strings.Contains(words, "not permitted to log in"):
		return fmt.Sprintf("run ALTER ROLE %s LOGIN as a superuser", pq.QuoteIdentifier(login))
	case strings.Contains(words, "Peer authentication"):
		return "have pg_hba.conf ask for scram-sha-256 on local connections, or run as the system's user of that name and leave DB_PASSWORD empty"
	}
	return "check its pg_hba.conf"
}

// loginDelay is what e says about a log-in that may succeed later, or "".
func (c Config) loginDelay(login string, e *pq.Error) string {
	switch e.Code {
	case pqerror.TooManyConnections:
		return fmt.Sprintf("the server has no connection left for %q (%s): lower DB_MAX_CONNS in each process, or raise max_connections or the CONNECTION LIMIT", login, e.Message)
	case pqerror.CannotConnectNow, pqerror.AdminShutdown, pqerror.CrashShutdown:
		return "the server takes no connections yet: " + e.Message
	case pqerror.ProtocolViolation:
		return "the pooler does not let " + login + " through: " + e.Message
	}
	return ""
}
