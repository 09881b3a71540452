package schema

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// Target is where migration files run.
type Target struct {
	schema string // what they name without a schema is in this one
	path   string // the search path that reaches it

	// Together: the transaction goes on after a file, with other files or with
	// statements of the product's, as in a new tenant.
	Together bool

	// Separately: each statement of a file is sent by itself, as a client sends it. Citus
	// spreads no table that a block makes, and takes no CREATE INDEX beside another statement.
	Separately bool

	// Lenient: a file that leaves another search path behind is no failure. Setup
	// alone is strict, so that such a file is refused before any tenant has it.
	Lenient bool
}

// TenantTarget is a tenant's schema.
func TenantTarget(schema string) Target { return Target{schema: schema, path: pg.PathOf(schema)} }

// The targets that are not a tenant's: the schema partywall, whose files name it
// themselves, and shared.
var (
	SystemTarget = Target{schema: "pg_catalog", path: pg.OwnPath}
	SharedTarget = Target{schema: pg.SharedSchema, path: pg.SharedSchema + ", " + pg.ExtensionSchema + ", pg_temp"}
)

// The SQLSTATEs by which our own text around a file refuses. PostgreSQL leaves
// class PW alone.
const (
	stateNotThere pqerror.Code = "PW001" // the schema isn't reached
	stateMoved    pqerror.Code = "PW002" // another schema is reached after the file
	stateReadOnly pqerror.Code = "PW003" // the file made the transaction read-only
	stateLocal    pqerror.Code = "PW004" // a table of a tenant isn't on the tenant's node
)

// Run runs migrations in order, a file a message, in the scope that tx has. After each
// file it restores the scope's path, role, settings and the rest of the session's state,
// so that no file depends on an earlier one's.
func (t Target) Run(ctx context.Context, tx *sqlx.Tx, s Set, migrations []Migration) error {
	scope, ok := pg.ScopeOf(ctx)
	if !ok {
		return errors.New("migrations need a scope")
	}
	for _, m := range migrations {
		then := scope.Again
		if t.Together {
			then += "; " + t.checkConstraints()
		}
		if err := t.run(ctx, tx, m, then); err != nil {
			return failedIn(ctx, s.File(m), m, err)
		}
	}
	return nil
}

// RunAndRecord runs a tenant's next migration and records it.
func (t Target) RunAndRecord(ctx context.Context, tx *sqlx.Tx, next Missing, tenant string) error {
	scope, ok := pg.ScopeOf(ctx)
	if !ok {
		return errors.New("migrations need a scope")
	}
	if err := t.run(ctx, tx, next.Migration, scope.Again+"; "+next.record(tenant)); err != nil {
		return next.Failed(ctx, err)
	}
	return nil
}

// run runs a file and what follows it, in one message where the server takes that.
func (t Target) run(ctx context.Context, tx *sqlx.Tx, m Migration, then string) error {
	if t.Separately {
		return t.runSeparately(ctx, tx, m, then)
	}
	_, err := tx.ExecContext(ctx, t.message(m)+"; "+then)
	return err
}

// message runs a file by EXECUTE, in which the server refuses COMMIT, ROLLBACK and
// SAVEPOINT. So no file can commit a part of itself, or of a new tenant. The tags of its
// quotes are random, so that no text in the file can end them.
func (t Target) message(m Migration) string {
	return t.setPath() + block(t.checkBefore()+"EXECUTE "+dollarQuote(executable(m))+";"+t.checkAfter()) + t.checkPath(m)
}

func (t Target) setPath() string { return "SET LOCAL search_path = " + t.path + "; " }

// checkBefore is of a block that ends where the schema isn't reached.
func (t Target) checkBefore() string {
	return fmt.Sprintf(`
		IF %s THEN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = %s; END IF;
		`, t.missed(), stateNotThere, pq.QuoteLiteral(t.schema))
}

// checkAfter is of a block that ends where the transaction can't go on after a file.
func (t Target) checkAfter() string {
	return fmt.Sprintf(`
		SET LOCAL statement_timeout = 0; -- the file's own may be too short for what follows
		IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.<>) 'off' THEN
			RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = 'the transaction is read-only after it';
		END IF;`, stateReadOnly)
}

// checkPath refuses a path that the file left behind, where that counts.
func (t Target) checkPath(m Migration) string {
	if t.Lenient || m.published {
		return ""
	}
	return "; RESET SESSION AUTHORIZATION; RESET ROLE; " + block(fmt.Sprintf(`
		IF %s THEN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = pg_catalog.current_setting('search_path'); END IF;`, t.missed(), stateMoved))
}

// missed is true where the search path doesn't reach the schema first. It is said
// on the path that a file left behind, so it names no function and no operator
// that the path could replace.
func (t Target) missed() string {
	return "COALESCE(pg_catalog.current_schema()::pg_catalog.text, '') OPERATOR(pg_catalog.<>) " + pq.QuoteLiteral(t.schema)
}

// checkConstraints runs the deferred checks of the schema, as the COMMIT after each
// file does for a tenant that has the files one by one, and then has each constraint
// deferred as it was declared. SET CONSTRAINTS ALL would hold for constraints that
// later files make, too.
func (t Target) checkConstraints() string {
	return "DO " + dollarQuote(fmt.Sprintf(`
		DECLARE
			found record;
		BEGIN
			FOR found IN
				SELECT c.conname AS name, pg_catalog.bool_or(c.condeferred) AS deferred
				FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.connamespace
				WHERE n.nspname OPERATOR(pg_catalog.=) %[1]s AND c.condeferrable
				GROUP BY c.conname
			LOOP
				EXECUTE pg_catalog.format('SET CONSTRAINTS %%I.%%I IMMEDIATE', %[1]s, found.name);
				IF found.deferred THEN
					EXECUTE pg_catalog.format('SET CONSTRAINTS %%I.%%I DEFERRED', %[1]s, found.name);
				END IF;
			END LOOP;
		END`, pq.QuoteLiteral(t.schema)))
}

// block is an anonymous block of statements.
func block(statements string) string { return "DO " + dollarQuote("BEGIN "+statements+" END") }

// dollarQuote quotes text with a tag that it can't hold.
func dollarQuote(text string) string {
	tag := "$pw" + rand.Text() + "$"
	return tag + text + tag
}

// FileError says in which migration file something failed.
type FileError struct {
	file      string // set/name
	Text      string
	Published bool // an earlier setup took the file
	err       error
}

// Error names the file and what failed in it.
func (e *FileError) Error() string { return "migration " + e.file + " failed: " + e.Text }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.err }

// failedIn names the file in an error. A context that is done has an error of its own.
func failedIn(ctx context.Context, file string, m Migration, err error) error {
	if pg.ContextErr(ctx) != nil {
		return err
	}
	return &FileError{file, reason(m, err), m.published, err}
}

// RefusedFile is a failed migration for the operator, unless the database itself
// failed: then the error stays as it is.
func RefusedFile(err error, database func(error) bool) error {
	if e, ok := err.(*FileError); ok && !database(err) { //nolint:errorlint // what wraps one says more already
		return pg.Refusal(pg.CodeMigrationFailed, nil, "%s", e.Error()) // it has all that the cause says
	}
	return err
}

// reason says why a file failed and, where that isn't plain, what to do.
func reason(m Migration, err error) string {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err.Error()
	}
	switch e.Code {
	case stateNotThere:
		return fmt.Sprintf("the schema %s is missing: restore it from a backup", e.Message)
	case stateMoved:
		return fmt.Sprintf("after it the search path is %s, so that what it names without a schema isn't where it belongs: take its SET search_path out, or set the path back at its end", cmp.Or(e.Message, "empty"))
	case stateReadOnly:
		return e.Message + ": take its SET TRANSACTION READ ONLY out"
	case stateLocal:
		return fmt.Sprintf("Citus keeps the table %s on the coordinator, since no statement of the file itself made it: write its CREATE TABLE outside of functions and DO blocks", e.Message)
	}
	text := pg.Complaint(err)
	if line := lineOf(m, err); line > 0 {
		text += fmt.Sprintf(" (line %d)", line)
	}
	if advice := transactionAdvice(e); advice != "" {
		text += ": " + advice
	}
	return text
}

// noTransactions is what to do about a statement that only a client can send.
const noTransactions = "each file runs in a transaction that setup ends: take BEGIN, COMMIT, ROLLBACK and SAVEPOINT out of it, and write COPY FROM STDIN as INSERT"

// transactionAdvice is what to do about a statement that a transaction, or the
// EXECUTE around a file, can't have.
func transactionAdvice(e *pq.Error) string {
	switch {
	case e.Code == pqerror.FeatureNotSupported && e.Routine == "exec_stmt_dynexecute":
		return noTransactions
	case e.Code == pqerror.InvalidTransactionTermination:
		return "each file runs in a transaction that setup ends: nothing that it calls may end it"
	case e.Code == pqerror.ActiveSQLTransaction:
		return "each file runs in a transaction: use the form of the statement that a transaction can have, such as CREATE INDEX without CONCURRENTLY, or have a file of index statements alone begin with -- +goose NO TRANSACTION"
	}
	return ""
}

// Record writes down that migrations were applied, in the transaction that did it:
// once where tenant is "".
func (s Set) Record(ctx context.Context, tx *sqlx.Tx, tenant string, migrations []Migration) error {
	if len(migrations) == 0 {
		return nil
	}
	var numbers []int64
	var names, checksums []string
	for _, m := range migrations {
		numbers, names, checksums = append(numbers, m.number), append(names, m.name), append(checksums, m.checksum)
	}
	statement := `
		INSERT INTO partywall.migrations (set, tenant, number, name, checksum)
		SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[])`
	args := []any{s.Name, tenant, pq.Array(numbers), pq.Array(names), pq.Array(checksums)}
	if s.Version != "" {
		statement = fmt.Sprintf(`
			WITH applied AS (%s)
			UPDATE partywall.tenants SET %[2]s = greatest(%[2]s, $6) WHERE id = $2`, statement, s.Version)
		args = append(args, slices.Max(numbers))
	}
	_, err := tx.ExecContext(ctx, statement, args...)
	return err
}

// MissingOf returns what the set's ledger rows for tenant lack.
func (s Set) MissingOf(ctx context.Context, tx *sqlx.Tx, tenant string) ([]Migration, error) {
	var applied []entry
	err := tx.SelectContext(ctx, &applied, `
		SELECT set, number, name, checksum
		FROM partywall.migrations WHERE set = $1 AND tenant = $2`, s.Name, tenant)
	if err != nil {
		return nil, err
	}
	if err := ledger(applied).inOrder(s); err != nil {
		return nil, err
	}
	return ledger(applied).missing(s)
}
