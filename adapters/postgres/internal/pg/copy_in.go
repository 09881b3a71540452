package pg

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/oid"
)

// lib/pq sends each []byte of a COPY in the text form of a bytea, whatever its column
// is. As with arguments, a []byte is sent as text unless its column is a bytea, and a
// nil one is NULL. The columns are looked up before the COPY, because the connection
// takes no query while it runs.

// copied is what a COPY ... FROM STDIN fills.
type copied struct {
	table   string   // as the statement names it
	columns []string // nil: all
}

// parseCopy reads a COPY ... FROM STDIN, and reports whether query is one.
func parseCopy(query string) (c copied, ok bool) {
	tokens := Lexer{Text: query}
	if !tokens.Next() || !strings.EqualFold(tokens.Token, "COPY") {
		return c, false
	}
	for tokens.Next() && tokens.Token != "(" && !strings.EqualFold(tokens.Token, "FROM") {
		c.table += tokens.Token
	}
	if tokens.Token == "(" {
		for tokens.Next() && tokens.Token != ")" {
			if tokens.Token != "," {
				c.columns = append(c.columns, columnName(tokens.Token))
			}
		}
		tokens.Next()
	}
	if !strings.EqualFold(tokens.Token, "FROM") || !tokens.Next() {
		return c, false
	}
	return c, strings.EqualFold(tokens.Token, "STDIN")
}

// columnName is the name that a token stands for.
func columnName(token string) string {
	if strings.HasPrefix(token, `"`) {
		return strings.ReplaceAll(strings.TrimSuffix(token[1:], `"`), `""`, `"`)
	}
	return strings.ToLower(token)
}

// columnsOf returns the types of the columns that a COPY fills, domains resolved. It
// returns nil for another statement and outside of a scope. If the server does not find
// the table or a column it returns nil, too, and the COPY then fails with the reason.
func (c *Conn) columnsOf(ctx context.Context, query string) ([]parameter, error) {
	target, ok := parseCopy(query)
	if !ok || c.scope == nil {
		return nil, nil
	}
	if known, ok := c.described.get(query); ok {
		return known, nil
	}
	found, err := c.readColumns(ctx, target)
	for i := 0; i < len(found) && err == nil; i++ {
		found[i], err = c.baseOf(ctx, found[i])
	}
	if err == nil && found != nil {
		c.described.put(query, found)
	}
	return found, err
}

func (c *Conn) readColumns(ctx context.Context, target copied) (types []parameter, err error) {
	var names []string
	all := `SELECT CAST(attname AS pg_catalog.text), CAST(atttypid AS pg_catalog.text) FROM pg_catalog.pg_attribute
		WHERE attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(` + pq.QuoteLiteral(target.table) + `)
		AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped AND attgenerated OPERATOR(pg_catalog.=) ''
		ORDER BY attnum USING OPERATOR(pg_catalog.<)`
	err = c.readTexts(ctx, all, 2, func(row []string) {
		names, types = append(names, row[0]), append(types, parseOIDs(row[1])...)
	})
	if err != nil || target.columns == nil {
		return types, err
	}
	wanted := make([]parameter, len(target.columns))
	for i, name := range target.columns {
		at := slices.Index(names, name)
		if at < 0 {
			return nil, nil
		}
		wanted[i] = types[at]
	}
	return wanted, nil
}

// copyValue converts an argument to a form that lib/pq's COPY sends correctly. The
// columns are nil if they are unknown.
func copyValue(value driver.Value, column int, columns []parameter) driver.Value {
	switch v := value.(type) {
	case encoded:
		return []byte(v)
	case []byte:
		switch {
		case v == nil:
			return nil
		case column >= len(columns) || oid.Oid(columns[column]) == oid.T_bytea:
			return v
		case columns[column].takes(v): // a uuid
			return hex.EncodeToString(v)
		}
		return string(v)
	}
	return value
}
