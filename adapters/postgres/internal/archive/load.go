package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports"
)

// Load fills the schema, which the migrations of the archive have made in this
// transaction, with the archive's rows in place of those that the files inserted. While
// it loads, no trigger of the product's runs, row policies and constraints that are NOT
// VALID do not hold, and foreign keys that lead to later rows are checked at the end.
// Afterwards all is as declared. The transaction has [Settings].
func Load(ctx context.Context, tx *sqlx.Tx, in ports.TenantImport) error {
	l := loading{tx: tx, schema: pg.SchemaOf(in.Tenant.ID), in: in}
	if err := l.matchTables(ctx); err != nil {
		return err
	}
	undo, err := l.relax(ctx)
	if err != nil {
		return err
	}
	if err := l.onPath(ctx, l.fill); err != nil {
		return err
	}
	for _, statement := range append(undo, l.refreshes...) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return refused(err, "the rows of the archive do not fit each other")
		}
	}
	return l.setSequences(ctx)
}

// loading is a [Load] at work.
type loading struct {
	tx        *sqlx.Tx
	schema    string
	in        ports.TenantImport
	refreshes []string // of materialized views
}

// onPath runs fn on the tenant's path: names in values, as those of a regclass, and in
// the functions of its constraints, are relative to it.
func (l *loading) onPath(ctx context.Context, fn func(context.Context) error) error {
	if _, err := l.tx.ExecContext(ctx, "SET LOCAL search_path = "+pg.PathOf(l.schema)); err != nil {
		return err
	}
	if err := fn(ctx); err != nil {
		return err
	}
	_, err := l.tx.ExecContext(ctx, pg.SetOwnPath)
	return err
}

// matchTables refuses an archive whose tables are not those of the schema.
func (l *loading) matchTables(ctx context.Context) error {
	found, err := readTables(ctx, l.tx, l.schema)
	if err != nil {
		return err
	}
	for _, t := range l.in.Tables {
		at := slices.IndexFunc(found, func(f table) bool { return f.Name == t.Name })
		if at < 0 {
			return ports.ErrArchiveRefused("the archive has the table %q, which the migrations do not make: add a migration that does", t.Name)
		}
		if !slices.Equal(found[at].Columns, t.Columns) {
			return ports.ErrArchiveRefused("the table %q has the columns %s in the archive, but the migrations make it with %s", t.Name, describe(t.Columns), describe(found[at].Columns))
		}
		found = slices.Delete(found, at, at+1)
	}
	if len(found) > 0 {
		return ports.ErrArchiveRefused("the migrations make the table %q, which the archive does not have", found[0].Name)
	}
	return nil
}

func describe(columns []ports.ArchivedColumn) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Name + " " + c.Type
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// relax takes out of the way what would refuse or change rows while they are loaded. It
// returns the statements that undo that and check the rows.
func (l *loading) relax(ctx context.Context) (undo []string, err error) {
	var changes, views []struct{ Do, Undo string }
	err = l.tx.SelectContext(ctx, &changes, relaxations, l.schema)
	if err != nil {
		return nil, err
	}
	position := map[string]int{}
	for i, t := range l.in.Tables {
		position[t.Name] = i
	}
	keys, err := l.foreignKeys(ctx)
	if err != nil {
		return nil, err
	}
	undo = []string{l.setConstraints("IMMEDIATE", keys, func(foreignKey) bool { return true })}
	for _, key := range keys {
		if !key.Deferrable && key.Enforced && position[key.Target] >= position[key.Source] {
			changes = append(changes, struct{ Do, Undo string }{key.Alter + " DEFERRABLE", key.Alter + " NOT DEFERRABLE"})
		}
	}
	for _, change := range changes {
		if _, err := l.tx.ExecContext(ctx, change.Do); err != nil {
			return nil, err
		}
		undo = append(undo, change.Undo)
	}
	deferred := func(k foreignKey) bool {
		return k.Deferrable || k.Enforced && position[k.Target] >= position[k.Source]
	}
	if _, err := l.tx.ExecContext(ctx, l.setConstraints("DEFERRED", keys, deferred)); err != nil {
		return nil, err
	}
	undo = append(undo, l.setConstraints("DEFERRED", keys, func(k foreignKey) bool { return k.Deferred }))
	if err := l.tx.SelectContext(ctx, &views, refreshes, l.schema); err != nil {
		return nil, err
	}
	for _, view := range views {
		l.refreshes = append(l.refreshes, view.Do)
	}
	return undo, nil
}

// foreignKey is a foreign key, or another constraint that may be deferred.
type foreignKey struct {
	Name                           string
	Alter                          string // the ALTER of the constraint, without its new mode
	Source, Target                 string // tables
	Deferrable, Deferred, Enforced bool
}

func (l *loading) foreignKeys(ctx context.Context) (keys []foreignKey, err error) {
	err = l.tx.SelectContext(ctx, &keys, `
		SELECT k.conname AS name, format('ALTER TABLE %s ALTER CONSTRAINT %I', k.conrelid::regclass, k.conname) AS alter,
			c.relname AS source, coalesce(target.relname, '') AS target,
			k.condeferrable AS deferrable, k.condeferred AS deferred,
			k.contype = 'f' AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) AS enforced
		FROM `+pg.ObjectsOfSchema("pg_class")+` part
		JOIN pg_constraint k ON k.conrelid = part.oid
		JOIN pg_class c ON c.oid = coalesce(pg_partition_root(k.conrelid), k.conrelid)
		LEFT JOIN pg_class target ON target.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid) AND target.relnamespace = c.relnamespace
		WHERE k.conparentid = 0 AND (k.condeferrable OR k.contype = 'f' AND target.oid IS NOT NULL) AND NOT `+unvalidated+`
		ORDER BY k.oid`, l.schema)
	return keys, err
}

// setConstraints returns a statement that has the selected constraints checked at once or
// later. It names each, because ALL would hold for those that later files make.
func (l *loading) setConstraints(mode string, keys []foreignKey, selects func(foreignKey) bool) string {
	var named []string
	for _, key := range keys {
		name := qualified(l.schema, key.Name)
		if selects(key) && !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	if len(named) == 0 {
		return "SELECT"
	}
	return "SET CONSTRAINTS " + strings.Join(named, ", ") + " " + mode
}

// unvalidated is true for a constraint k that rows may break which are older than it: ADD
// CONSTRAINT ... NOT VALID has not looked at them.
const unvalidated = `(NOT k.convalidated AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true))`

// relaxations are the pairs of statements about the triggers, the row policies and the
// unvalidated constraints of the tables, and of the domains, in the schema $1.
var relaxations = `
	SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname) AS do,
		format('ALTER TABLE ONLY %s %s TRIGGER %I', t.tgrelid::regclass, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname) AS undo
	FROM ` + pg.ObjectsOfSchema("pg_class") + ` c JOIN pg_trigger t ON t.tgrelid = c.oid
	WHERE c.relkind IN ('r', 'p') AND NOT t.tgisinternal
	UNION ALL
	SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', c.oid::regclass), format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', c.oid::regclass)
	FROM ` + pg.ObjectsOfSchema("pg_class") + ` c
	WHERE c.relkind IN ('r', 'p') AND c.relforcerowsecurity
	UNION ALL
	SELECT format('ALTER %s DROP CONSTRAINT %I', k.place, k.conname), format('ALTER %s ADD CONSTRAINT %I %s', k.place, k.conname, k.definition)
	FROM (
		SELECT k.conname, pg_get_constraintdef(k.oid) AS definition, CASE k.contypid WHEN 0 THEN 'TABLE ' || k.conrelid::regclass ELSE 'DOMAIN ' || k.contypid::regtype END AS place
		FROM (
			SELECT oid, 0::oid FROM ` + pg.ObjectsOfSchema("pg_class") + ` c UNION ALL SELECT 0::oid, oid FROM ` + pg.ObjectsOfSchema("pg_type") + ` t
		) AS thing (relation, type)
		JOIN pg_constraint k ON k.conrelid = thing.relation AND k.contypid = thing.type
		WHERE k.coninhcount = 0 AND ` + unvalidated + `
	) k`

// refreshes are the statements that fill the materialized views of the schema $1, which
// read only earlier ones.
var refreshes = `
	SELECT format('REFRESH MATERIALIZED VIEW %s', c.oid::regclass) AS do, '' AS undo
	FROM ` + pg.ObjectsOfSchema("pg_class") + ` c
	WHERE c.relkind = 'm' AND c.relispopulated ORDER BY c.oid`

// fill replaces the rows of all tables.
func (l *loading) fill(ctx context.Context) error {
	var all []string
	for _, t := range l.in.Tables {
		all = append(all, qualified(l.schema, t.Name))
	}
	if len(all) == 0 {
		return nil
	}
	if _, err := l.tx.ExecContext(ctx, "TRUNCATE "+strings.Join(all, ", ")); err != nil {
		return err
	}
	for _, t := range l.in.Tables {
		rows, err := l.in.Rows(t)
		if err != nil {
			return err
		}
		if err := l.fillTable(ctx, t, bufio.NewReaderSize(rows, 64<<10)); err != nil {
			return refused(err, "the rows of the table %q cannot be loaded", t.Name)
		}
	}
	return nil
}

// refused says what of the archive the server refuses. An outage, or what may succeed
// later, is not the archive's fault, and comes back as it is.
func refused(err error, format string, args ...any) error {
	if pg.ServerError(err) == nil || pg.WhyAgain(err) != "" {
		return err
	}
	return ports.ErrArchiveRefused("%s: %s", fmt.Sprintf(format, args...), pg.Complaint(err))
}

// rowsOfCopy is how many rows one COPY loads: the server keeps the checks of foreign keys
// in memory until it ends.
const rowsOfCopy = 100_000

// fillTable loads the rows of a table.
func (l *loading) fillTable(ctx context.Context, t ports.ArchivedTable, rows *bufio.Reader) error {
	if len(t.Columns) == 0 {
		return l.countIn(ctx, t, rows)
	}
	values := make([]any, len(t.Columns))
	for {
		more, err := l.copyIn(ctx, t, rows, values)
		if err != nil || !more {
			return err
		}
	}
}

// copyIn loads the next rows, and reports whether there may be more.
func (l *loading) copyIn(ctx context.Context, t ports.ArchivedTable, rows *bufio.Reader, values []any) (more bool, err error) {
	if _, err := rows.Peek(1); err != nil {
		return false, endOf(err)
	}
	stmt, err := l.tx.PrepareContext(ctx, fmt.Sprintf(`COPY %s (%s) FROM STDIN`, qualified(l.schema, t.Name), pg.QuoteAll(names(t))))
	if err != nil {
		return false, err
	}
	defer func() {
		if closeErr := stmt.Close(); err == nil { // it repeats an earlier error
			err = closeErr
		}
	}()
	n := 0
	for ; n < rowsOfCopy && err == nil; n++ {
		if err = nextRow(rows, values); err == nil {
			_, err = stmt.ExecContext(ctx, values...)
		}
	}
	if endOf(err) == nil {
		if _, flushErr := stmt.ExecContext(ctx); flushErr != nil {
			err = flushErr
		}
	}
	return err == nil, endOf(err)
}

// endOf returns nil for the end of the rows.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// nextRow reads a row, or returns [io.EOF].
func nextRow(rows *bufio.Reader, values []any) error {
	line, err := rows.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = longRow(rows, line)
	}
	switch {
	case errors.Is(err, io.EOF) && len(line) > 0:
		return ports.ErrArchiveRefused("a row has no end")
	case err != nil:
		return err
	}
	if err := parseRow(line[:len(line)-1], values); err != nil {
		return ports.ErrArchiveRefused("%s", err)
	}
	return nil
}

// maxRow is the longest row: the server reads and writes no longer text.
const maxRow = 1 << 30

// longRow reads the rest of a row that begins with part.
func longRow(rows *bufio.Reader, part []byte) ([]byte, error) {
	line := bytes.Clone(part)
	for {
		part, err := rows.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxRow {
			return nil, ports.ErrArchiveRefused("a row is longer than %d bytes", maxRow)
		}
	}
}

// countIn fills a table that has no columns to fill.
func (l *loading) countIn(ctx context.Context, t ports.ArchivedTable, rows *bufio.Reader) error {
	n := 0
	for {
		if err := nextRow(rows, nil); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		n++
	}
	_, err := l.tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO %s SELECT FROM pg_catalog.generate_series(1, %d)`, qualified(l.schema, t.Name), n))
	return err
}

// setSequences gives each sequence its last value.
func (l *loading) setSequences(ctx context.Context) error {
	found, err := sequences(ctx, l.tx, l.schema)
	if err != nil {
		return err
	}
	for _, s := range l.in.Sequences {
		if !slices.Contains(found, s.Name) {
			return ports.ErrArchiveRefused("the archive has the sequence %q, which the migrations do not make", s.Name)
		}
		if _, err := l.tx.ExecContext(ctx, `SELECT setval($1::regclass, $2, $3)`, qualified(l.schema, s.Name), s.Last, s.Called); err != nil {
			return refused(err, "the sequence %q cannot be set", s.Name)
		}
	}
	return nil
}
