package postgres

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// ExecSink receives what a statement returns.
type ExecSink struct {
	// Row receives the columns and the values of each row, which are valid during the
	// call alone. Its error ends the statement.
	Row func(columns []string, values []Value) error

	// Affected receives how many rows a statement that returns none has changed.
	Affected func(rows int64)
}

// Exec runs one statement inside the active tenant id, as [DB.InIncarnation] runs a
// function, also in a tenant that is behind the program's migrations: the statement may
// remove the cause. It is sent by the extended protocol, so the server refuses a
// text that has several. An empty one, a COPY, and one that begins or ends a transaction
// are [domain.Invalid].
func (db *DB) Exec(ctx context.Context, id domain.TenantID, incarnation ports.Incarnation, statement string, sink ExecSink, options ...pg.TxOption) error {
	if err := refuseStatement(statement); err != nil {
		return err
	}
	return entering{db: db, id: id, condition: servesIncarnation(id, incarnation), anyVersion: true}.run(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		stmt, err := tx.PreparexContext(ctx, statement)
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		if returnsNothing(statement) {
			result, err := stmt.ExecContext(ctx)
			if err != nil {
				return err
			}
			changed, err := result.RowsAffected()
			if err == nil {
				sink.Affected(changed)
			}
			return err
		}
		rows, err := stmt.QueryContext(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		return sink.readAll(rows)
	}, options...)
}

// refuseStatement refuses what one message of the extended protocol cannot be. The server
// refuses the rest.
func refuseStatement(statement string) error {
	tokens := pg.Lexer{Text: statement}
	for tokens.Next() && tokens.Token == ";" {
	}
	switch strings.ToUpper(tokens.Token) {
	case "", ";":
		return domain.Invalidf("sql", "the statement is empty")
	case "COPY":
		return domain.Invalidf("sql", "no client reads or sends the rows of a COPY here: write SELECT or INSERT")
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT":
		return domain.Invalidf("sql", "the statement runs in a transaction that ends after it: leave BEGIN, COMMIT and ROLLBACK out")
	}
	return nil
}

// TenantConns is how many connections serve tenants.
func (db *DB) TenantConns() int {
	_, _, gate := db.cfg.PoolSizes()
	return gate
}

// readAll passes each row on.
func (s ExecSink) readAll(rows *sql.Rows) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	columns, values, targets := make([]string, len(types)), make([]Value, len(types)), make([]any, len(types))
	for i, column := range types {
		columns[i], values[i].kind, targets[i] = column.Name(), column.DatabaseTypeName(), &values[i].value
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := s.Row(columns, values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// returnsNothing reports whether the statement changes rows and returns none.
func returnsNothing(statement string) bool {
	tokens := pg.Lexer{Text: statement}
	if !tokens.Next() {
		return false
	}
	switch strings.ToUpper(tokens.Token) {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
	default:
		return false
	}
	for tokens.Next() {
		if strings.EqualFold(tokens.Token, "RETURNING") {
			return false
		}
	}
	return true
}
