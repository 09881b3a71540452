package archive

import (
	"context"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports"
)

// table is a table of a tenant's schema. A partitioned table stands for its partitions.
type table struct {
	ports.ArchivedTable
	partitioned bool
	references  []string // tables to which its foreign keys lead, itself included
}

// readTables returns the tables of the schema, in an order in which they can be filled.
func readTables(ctx context.Context, tx *sqlx.Tx, schema string) ([]table, error) {
	var found []struct {
		Name        string
		Partitioned bool
		Columns     pq.StringArray
		Types       pq.StringArray
		References  pq.StringArray
	}
	err := tx.SelectContext(ctx, &found, `
		SELECT c.relname AS name, c.relkind = 'p' AS partitioned,
			coalesce(a.columns, '{}') AS columns, coalesce(a.types, '{}') AS types, coalesce(f.references, '{}') AS references
		FROM `+pg.ObjectsOfSchema("pg_class")+` c
		LEFT JOIN LATERAL (
			SELECT array_agg(a.attname::text ORDER BY a.attnum) AS columns, array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types
			FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		) a ON true
		LEFT JOIN LATERAL (
			SELECT array_agg(DISTINCT target.relname::text) AS references
			FROM pg_constraint k JOIN pg_class target ON target.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
			WHERE k.contype = 'f' AND k.conrelid = ANY (c.oid || ARRAY(SELECT relid::oid FROM pg_partition_tree(c.oid))) AND target.relnamespace = c.relnamespace
		) f ON true
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
		ORDER BY c.relname COLLATE "C"`, schema)
	if err != nil {
		return nil, err
	}
	tables := make([]table, len(found))
	for i, f := range found {
		tables[i] = table{ArchivedTable: ports.ArchivedTable{Name: f.Name, Columns: []ports.ArchivedColumn{}}, partitioned: f.Partitioned, references: f.References}
		for j, column := range f.Columns {
			tables[i].Columns = append(tables[i].Columns, ports.ArchivedColumn{Name: column, Type: relative(f.Types[j], schema)})
		}
	}
	return inOrder(tables), nil
}

// relative returns a type without the tenant's schema, so that it is the same in any.
func relative(typ, schema string) string {
	for _, prefix := range []string{schema + ".", pq.QuoteIdentifier(schema) + "."} {
		if rest, found := strings.CutPrefix(typ, prefix); found {
			return rest
		}
	}
	return typ
}

// inOrder sorts tables so that foreign keys lead to earlier ones. Where they form a
// cycle, one of it comes first.
func inOrder(tables []table) []table {
	sorted := make([]table, 0, len(tables))
	placed := map[string]bool{}
	for len(tables) > 0 {
		waits := func(t table) bool {
			return slices.ContainsFunc(t.references, func(name string) bool { return name != t.Name && !placed[name] })
		}
		next := max(0, slices.IndexFunc(tables, func(t table) bool { return !waits(t) }))
		placed[tables[next].Name] = true
		sorted = append(sorted, tables[next])
		tables = slices.Delete(tables, next, next+1)
	}
	return sorted
}

// from names the table in a query for its rows: those of a table that inherits from it
// are that table's own, while those of partitions are the parent's.
func (t table) from(schema string) string {
	name := qualified(schema, t.Name)
	if t.partitioned {
		return name
	}
	return "ONLY " + name
}

// names returns the names of the columns.
func names(t ports.ArchivedTable) []string {
	columns := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		columns[i] = column.Name
	}
	return columns
}

func qualified(schema, name string) string {
	return pq.QuoteIdentifier(schema) + "." + pq.QuoteIdentifier(name)
}
