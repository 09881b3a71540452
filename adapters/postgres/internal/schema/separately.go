package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// runSeparately runs the statements of a file one by one, and then what follows the file.
// Each is prepared, so that the server itself refuses a text of several.
func (t Target) runSeparately(ctx context.Context, tx *sqlx.Tx, m Migration, then string) error {
	if _, err := tx.ExecContext(ctx, t.setPath()+block(t.checkBefore())); err != nil {
		return err
	}
	file := m.inTransaction()
	for _, s := range statements(file) {
		if err := runStatement(ctx, tx, s, file[s.from:s.to]); err != nil {
			return locate(err, strings.Count(file[:s.from], "\n"), file[s.from:s.to])
		}
	}
	_, err := tx.ExecContext(ctx, block(t.checkAfter()+t.checkSpread())+t.checkPath(m)+"; "+then)
	return err
}

func runStatement(ctx context.Context, tx *sqlx.Tx, s statement, text string) error {
	if s.needsClient() {
		return errNeedsClient
	}
	prepared, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	_, err = prepared.ExecContext(ctx)
	return errors.Join(err, prepared.Close())
}

// errNeedsClient refuses what EXECUTE refuses, too.
var errNeedsClient = errors.New(noTransactions)

// needsClient reports whether a statement ends or divides the transaction, or takes
// rows from the client.
func (s statement) needsClient() bool {
	switch s.words[0] {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "COPY":
		return true
	case "PREPARE":
		return len(s.words) > 1 && s.words[1] == "TRANSACTION"
	}
	return false
}

// checkSpread returns the body of a block that fails if a table of the schema is not on
// the tenant's node, as a table that another block made is not. In a schema that lies on
// no node, such as shared, it does not fail.
func (t Target) checkSpread() string {
	return fmt.Sprintf(`
		DECLARE
			found text;
		BEGIN
			IF pg_catalog.to_regclass('pg_catalog.pg_dist_schema') IS NULL THEN RETURN; END IF;
			SELECT c.relname INTO found FROM pg_catalog.pg_class c JOIN pg_catalog.pg_dist_schema s ON s.schemaid OPERATOR(pg_catalog.=) c.relnamespace
			WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace(%s) AND c.relkind IN ('r', 'p')
				AND NOT EXISTS (SELECT FROM pg_catalog.pg_dist_partition p WHERE p.logicalrelid OPERATOR(pg_catalog.=) c.oid) LIMIT 1;
			IF found IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = found; END IF;
		END;`, pq.QuoteLiteral(pq.QuoteIdentifier(t.schema)), stateLocal)
}

// separateError is the error of a statement of a file, which counts its lines from the
// file's first.
type separateError struct {
	line int // 0: the server points at none
	err  error
}

func (e *separateError) Error() string { return e.err.Error() }
func (e *separateError) Unwrap() error { return e.err }

// locate finds the line at which the server points in a statement after other lines.
func locate(err error, before int, text string) error {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err
	}
	found := &separateError{err: err}
	if line := lineAt(text, e.Position); line > 0 {
		found.line = before + line
		plain := *e
		plain.Position = "" // it is in the statement, and not in the file
		found.err = &plain
	}
	return found
}
