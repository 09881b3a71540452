package archive

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Reading is the export of a tenant's schema, in a transaction of its own that has
// [Settings] and REPEATABLE READ.
type Reading struct {
	schema string
	tables []table
}

// Begin locks the tables of the schema against changes of their columns, and reads what
// they are.
func Begin(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (*Reading, error) {
	r := &Reading{schema: pg.SchemaOf(id)}
	var exists bool
	if err := tx.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, r.schema); err != nil {
		return nil, err
	}
	if !exists {
		return nil, ports.ErrArchiveRefused("the tenant has no schema, and an archive of it would be empty: restore it from a backup")
	}
	var tables []string
	err := tx.SelectContext(ctx, &tables, `
		SELECT format('%I.%I', $1::text, c.relname) FROM `+pg.ObjectsOfSchema("pg_class")+` c
		WHERE c.relkind IN ('r', 'p') ORDER BY c.oid`, r.schema)
	if err != nil {
		return nil, err
	}
	if len(tables) > 0 {
		if _, err := tx.ExecContext(ctx, `LOCK TABLE `+strings.Join(tables, ", ")+` IN ACCESS SHARE MODE`); err != nil {
			return nil, err
		}
	}
	r.tables, err = readTables(ctx, tx, r.schema)
	return r, err
}

// RefuseLargeObjects refuses a tenant that has large objects: those of its role, or
// those that a column of type oid of its tables contains.
func (r *Reading) RefuseLargeObjects(ctx context.Context, tx *sqlx.Tx, role string) error {
	checks := []string{`EXISTS (SELECT FROM pg_largeobject_metadata l JOIN pg_roles o ON o.oid = l.lomowner WHERE o.rolname = ` + pq.QuoteLiteral(role) + `)`}
	for _, t := range r.tables {
		for _, column := range t.Columns {
			if column.Type == "oid" {
				checks = append(checks, fmt.Sprintf(`EXISTS (SELECT FROM %s t JOIN pg_largeobject_metadata l ON l.oid = t.%s)`, t.from(r.schema), pq.QuoteIdentifier(column.Name)))
			}
		}
	}
	for _, check := range checks {
		var found bool
		if err := tx.GetContext(ctx, &found, `SELECT `+check); err != nil {
			return err
		}
		if found {
			return ports.ErrArchiveRefused("the tenant has large objects, which an archive does not contain: put them into bytea columns or files, and remove them by lo_unlink")
		}
	}
	return nil
}

// Rows passes on all rows, table by table.
func (r *Reading) Rows(ctx context.Context, tx *sqlx.Tx, into ports.ArchiveSink) error {
	// Names in values, as those of a regclass, are then relative to the schema.
	if _, err := tx.ExecContext(ctx, "SET LOCAL search_path = "+pg.PathOf(r.schema)); err != nil {
		return err
	}
	for _, t := range r.tables {
		w, err := into.Table(t.ArchivedTable)
		if err != nil {
			return err
		}
		if err := r.rowsOf(ctx, tx, t, w); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, pg.SetOwnPath)
	return err
}

func (r *Reading) rowsOf(ctx context.Context, tx *sqlx.Tx, t table, w io.Writer) error {
	rows, err := tx.QueryContext(ctx, `SELECT ROW(`+pg.QuoteAll(names(t.ArchivedTable))+`) FROM `+t.from(r.schema))
	if err != nil {
		return r.explain(t, err)
	}
	defer func() { _ = rows.Close() }()
	var record sql.RawBytes
	var line []byte
	for rows.Next() {
		if err := rows.Scan(&record); err != nil {
			return err
		}
		if line, err = appendRow(line[:0], record, len(t.Columns)); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return r.explain(t, rows.Err())
}

// explain says what to do about row policies that hide rows from the table's owner.
func (r *Reading) explain(t table, err error) error {
	if pg.SQLState(err) == "42501" {
		return ports.ErrArchiveRefused("the row policies of the table %s hold for its owner, too, so its rows cannot all be read: ALTER TABLE %s NO FORCE ROW LEVEL SECURITY: %s", t.Name, qualified(r.schema, t.Name), pg.Complaint(err))
	}
	return err
}

// Sequences returns the sequences of the schema.
func (r *Reading) Sequences(ctx context.Context, tx *sqlx.Tx) ([]ports.ArchivedSequence, error) {
	names, err := sequences(ctx, tx, r.schema)
	if err != nil {
		return nil, err
	}
	found := make([]ports.ArchivedSequence, len(names))
	for i, name := range names {
		found[i].Name = name
		err := tx.QueryRowContext(ctx, `SELECT last_value, is_called FROM `+qualified(r.schema, name)).Scan(&found[i].Last, &found[i].Called)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func sequences(ctx context.Context, tx *sqlx.Tx, schema string) (names []string, err error) {
	err = tx.SelectContext(ctx, &names, `
		SELECT c.relname FROM `+pg.ObjectsOfSchema("pg_class")+` c
		WHERE c.relkind = 'S' ORDER BY c.relname COLLATE "C"`, schema)
	return names, err
}
