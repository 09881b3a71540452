package pg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/lib/pq"
	"github.com/lib/pq/oid"
	"github.com/lib/pq/pqerror"
)

// lib/pq's binary parameters save a round trip for each statement with arguments, but
// send every []byte in the binary form of a bytea, whatever its parameter is: jsonb
// takes that for a broken value (XX000), and a number for a wrong one (08P01). So a
// []byte is sent as text unless its parameter is a bytea or a text. json.RawMessage is
// always text. For other []byte, the server is asked once for a statement's parameters.

// CheckNamedValue converts an argument: JSON to text, everything else as lib/pq does.
func (c *Conn) CheckNamedValue(arg *driver.NamedValue) error {
	if text, ok := jsonText(arg.Value); ok {
		arg.Value = text
		return nil
	}
	_, encodesItself := arg.Value.(interface{ BinaryValue() ([]byte, error) })
	err := c.libConn.CheckNamedValue(arg)
	if value, ok := arg.Value.([]byte); ok && encodesItself && err == nil {
		arg.Value = encoded(value)
	}
	return err
}

// encoded is an argument that is in its parameter's binary form already.
type encoded []byte

// jsonText returns JSON as text, and an array of it as the text of an array.
func jsonText(value any) (driver.Value, bool) {
	switch v := value.(type) {
	case json.RawMessage:
		if v == nil {
			return nil, true
		}
		return string(v), true
	case *json.RawMessage:
		if v == nil {
			return nil, true
		}
		return jsonText(*v)
	case sql.Null[json.RawMessage]:
		if !v.Valid {
			return nil, true
		}
		return jsonText(v.V)
	case []json.RawMessage:
		if v == nil {
			return nil, true
		}
		texts := make([]sql.NullString, len(v))
		for i, element := range v {
			texts[i] = sql.NullString{String: string(element), Valid: element != nil}
		}
		array, err := pq.Array(texts).Value()
		return array, err == nil
	case pq.GenericArray:
		elements, ok := v.A.([]json.RawMessage)
		if !ok {
			return nil, false
		}
		return jsonText(elements)
	}
	return nil, false
}

// bind returns the arguments in the form that the statement's parameters want.
func (c *Conn) bind(ctx context.Context, query string, args []driver.NamedValue) ([]driver.NamedValue, error) {
	var bound []driver.NamedValue
	for i, arg := range args {
		value := arg.Value
		switch v := value.(type) {
		case encoded:
			value = []byte(v)
		case []byte:
			if v == nil || c.scope == nil { // outside of a scope a pooler may part a statement from its description
				continue
			}
			parameters, err := c.parameters(ctx, query)
			if err != nil {
				return nil, err
			}
			if i < len(parameters) && !parameters[i].takes(v) && !parameters[i].isText() {
				value = string(v)
			}
		default:
			continue
		}
		if bound == nil {
			bound = append(bound, args...)
		}
		bound[i].Value = value
	}
	if bound == nil {
		return args, nil
	}
	return bound, nil
}

// misbound says of a statement's error what the arguments have to do with it.
func (c *Conn) misbound(query string, args []driver.NamedValue, err error) error {
	e := ServerError(err)
	if e == nil || len(args) == 0 {
		return err
	}
	switch {
	case e.Code == pqerror.InternalError, e.Code == pqerror.DatatypeMismatch, e.Code.Class() == "22":
		c.described.forget(query)
	}
	if e.Code == pqerror.ProtocolViolation && !Fatal(e) && !Raised(e) {
		e.Message = "the number of arguments is not that of the statement's parameters: " + e.Message
	}
	return err
}

// parameter is a parameter's type.
type parameter oid.Oid

// takes reports whether the bytes are the parameter's binary form.
func (p parameter) takes(value []byte) bool {
	return oid.Oid(p) == oid.T_bytea || oid.Oid(p) == oid.T_uuid && len(value) == 16
}

// isText reports whether the bytes of a text are its binary form, too. They are sent
// as that: should a migration have made the parameter a bytea since it was described,
// they arrive as they are, while the text of a bytea has escapes.
func (p parameter) isText() bool {
	switch oid.Oid(p) {
	case oid.T_text, oid.T_varchar, oid.T_bpchar, oid.T_name, oid.T_json:
		return true
	}
	return false
}

// parameters returns the types of the statement's parameters, domains resolved.
func (c *Conn) parameters(ctx context.Context, query string) ([]parameter, error) {
	if known, ok := c.described.get(query); ok {
		return known, nil
	}
	found, err := c.prepared(ctx, query)
	if err == nil && found == nil {
		var stmt driver.Stmt
		if stmt, err = c.libConn.PrepareContext(ctx, query); err != nil {
			return nil, c.judge(err)
		}
		defer func() { _ = stmt.Close() }()
		found, err = c.prepared(ctx, query)
	}
	for i := 0; i < len(found) && err == nil; i++ {
		found[i], err = c.baseOf(ctx, found[i])
	}
	if err != nil {
		return nil, err
	}
	c.described.put(query, found)
	return found, nil
}

// prepared returns the types of the parameters of a statement that the session has
// prepared, or nil. It names no function and no operator: others could stand before
// PostgreSQL's on the path.
func (c *Conn) prepared(ctx context.Context, query string) (found []parameter, err error) {
	const all = `SELECT statement, CAST(CAST(parameter_types AS pg_catalog.oid[]) AS pg_catalog.text) FROM pg_catalog.pg_prepared_statements`
	err = c.readTexts(ctx, all, 2, func(row []string) {
		if row[0] == query {
			found = parseOIDs(row[1])
		}
	})
	return found, err
}

const firstOwnType = 16384 // below it are PostgreSQL's own types

// baseOf returns what a domain is made of, and every other type itself.
func (c *Conn) baseOf(ctx context.Context, p parameter) (parameter, error) {
	for p >= firstOwnType {
		var base []parameter
		query := `SELECT CAST(typbasetype AS pg_catalog.text) FROM pg_catalog.pg_type WHERE oid OPERATOR(pg_catalog.=) ` + strconv.FormatUint(uint64(p), 10)
		err := c.readTexts(ctx, query, 1, func(row []string) { base = parseOIDs(row[0]) })
		if err != nil || len(base) == 0 || base[0] == 0 {
			return p, err
		}
		p = base[0]
	}
	return p, nil
}

// readTexts reads all rows of a query whose columns are texts.
func (c *Conn) readTexts(ctx context.Context, query string, columns int, each func(row []string)) error {
	rows, err := c.libConn.QueryContext(ctx, query, nil)
	if err != nil {
		return c.judge(err)
	}
	defer func() { _ = rows.Close() }()
	values, texts := make([]driver.Value, columns), make([]string, columns)
	for {
		if err := rows.Next(values); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return c.judge(err)
		}
		for i, value := range values {
			texts[i], _ = value.(string)
		}
		each(texts)
	}
}

// parseOIDs reads one OID, or an array of them.
func parseOIDs(text string) []parameter {
	var all []parameter
	for field := range strings.SplitSeq(strings.Trim(text, "{}"), ",") {
		if n, err := strconv.ParseUint(field, 10, 32); err == nil {
			all = append(all, parameter(n))
		}
	}
	return all
}

// described keeps the parameters of statements. A pool's connections share one.
type described struct {
	mu    sync.Mutex
	known map[string][]parameter
}

const (
	maxDescribed     = 1000     // statements
	maxDescribedText = 16 << 10 // bytes of one
)

func (d *described) get(query string) ([]parameter, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.known[query]
	return found, ok
}

func (d *described) put(query string, parameters []parameter) {
	if len(query) > maxDescribedText {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxDescribed {
		d.known = map[string][]parameter{}
	}
	d.known[query] = parameters
}

// forget has a statement that failed described anew: a migration may have changed a
// column's type.
func (d *described) forget(query string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.known, query)
}
