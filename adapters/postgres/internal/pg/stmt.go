package pg

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
)

// PrepareContext prepares a statement, which may be one of [pq.CopyIn]. Its errors are
// treated as those of the connection.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.admit(); err != nil {
		return nil, err
	}
	c.watch.begin(ctx)
	columns, err := c.columnsOf(ctx, query)
	if err != nil {
		return nil, err
	}
	inner, err := c.libConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.judge(err)
	}
	return &stmt{inner, c, query, columns}, nil
}

// Prepare is PrepareContext without a context. database/sql doesn't call it.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// stmt is lib/pq's statement. A COPY has no context.
type stmt struct {
	driver.Stmt
	conn    *Conn
	query   string
	columns []parameter // that a COPY fills
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.watch.begin(ctx)
	if inner, ok := s.Stmt.(driver.StmtExecContext); ok {
		bound, err := s.conn.bind(ctx, s.query, args)
		if err != nil {
			return nil, err
		}
		result, err := inner.ExecContext(ctx, bound)
		return result, s.conn.judge(s.conn.misbound(s.query, args, err))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(args))
	for i, arg := range args {
		values[i] = copyValue(arg.Value, i, s.columns)
	}
	result, err := s.Stmt.Exec(values) //nolint:staticcheck // a COPY has no other
	if err != nil {
		s.conn.described.forget(s.query)
	}
	return result, s.conn.judge(err)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.watch.begin(ctx)
	inner, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("a COPY returns no rows")
	}
	bound, err := s.conn.bind(ctx, s.query, args)
	if err != nil {
		return nil, err
	}
	rows, err := inner.QueryContext(ctx, bound)
	return s.conn.judgedRows(rows, s.conn.misbound(s.query, args, err))
}

func (s *stmt) Close() error { return s.conn.judge(s.Stmt.Close()) }

// libRows is all that lib/pq's rows can do.
type libRows interface {
	driver.Rows
	driver.RowsNextResultSet
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
	ColumnTypeScanType(index int) reflect.Type
}

// rows are lib/pq's: a statement may also fail at its second row.
type rows struct {
	libRows
	conn *Conn
}

func (c *Conn) judgedRows(inner driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		return nil, c.judge(err)
	}
	return &rows{inner.(libRows), c}, nil
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.libRows.Next(dest)
	if err != nil && !errors.Is(err, io.EOF) {
		return r.conn.judge(err)
	}
	return err
}

func (r *rows) Close() error { return r.conn.judge(r.libRows.Close()) }
