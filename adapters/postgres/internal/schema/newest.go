package schema

import (
	"context"
	"errors"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// While an installation is upgraded, an older program serves beside the newer
// one's setup. The tenants that it makes must not lack what that setup gave to
// all others: it reads the newer migrations from the database, where setup
// publishes them before it brings the tenants there.

// RefuseChanged refuses the tenants' migrations if one was changed, removed or put
// before another after a tenant got it.
func RefuseChanged(ctx context.Context, tx *sqlx.Tx, sets []Set) error {
	applied, err := readTenants(ctx, tx)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := applied.inOrder(set); err != nil {
			return namingTenants(ctx, tx, set, err)
		}
	}
	return nil
}

// namingTenants adds to the error of a changed migration which tenants have another
// text of it.
func namingTenants(ctx context.Context, tx *sqlx.Tx, s Set, changed error) error {
	refused, ok := errors.AsType[*domain.Error](changed)
	if !ok || refused.Code != pg.CodeMigrationChanged {
		return changed
	}
	numbers, checksums := make([]int64, len(s.Migrations)), make([]string, len(s.Migrations))
	for i, m := range s.Migrations {
		numbers[i], checksums[i] = m.number, m.checksum
	}
	var tenants []string
	err := tx.SelectContext(ctx, &tenants, `
		SELECT DISTINCT m.tenant FROM partywall.migrations m
		LEFT JOIN unnest($2::bigint[], $3::text[]) AS file(number, checksum) USING (number)
		WHERE m.set = $1 AND m.tenant <> '' AND m.number <= $4 AND m.checksum IS DISTINCT FROM file.checksum ORDER BY 1`,
		s.Name, pq.Array(numbers), pq.Array(checksums), s.Last())
	if err != nil {
		return err
	}
	return refused.WithMessage("%s; in %d tenants it ran as it was: %s", refused.Message, len(tenants), pg.FirstFew(tenants))
}

// Publish stores the set as what makes a tenant from now on, in place of files that no
// tenant got. Files above its last one are a newer program's, and stay.
func (s Set) Publish(ctx context.Context, tx *sqlx.Tx) error {
	var published []string
	err := tx.SelectContext(ctx, &published, `SELECT checksum FROM partywall.tenant_files WHERE set = $1 AND number <= $2 ORDER BY number`, s.Name, s.Last())
	if err != nil {
		return err
	}
	if slices.EqualFunc(s.Migrations, published, func(m Migration, sum string) bool { return m.checksum == sum }) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `LOCK TABLE partywall.tenant_files`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM partywall.tenant_files WHERE set = $1 AND number <= $2`, s.Name, s.Last()); err != nil {
		return err
	}
	for _, m := range s.Migrations {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.tenant_files (set, number, name, checksum, sql) VALUES ($1, $2, $3, $4, $5)`,
			s.Name, m.number, m.name, m.checksum, m.inTransaction()) // an older program sends it as it is
		if err != nil {
			return err
		}
	}
	return nil
}

// WithNewer returns the sets with what a newer program published. Until the
// transaction ends, publishing waits.
func WithNewer(ctx context.Context, tx *sqlx.Tx, sets []Set) ([]Set, error) {
	sets = slices.Clone(sets)
	var names []string
	var lasts []int64
	for i, s := range sets {
		sets[i].Migrations = slices.Clip(s.Migrations)
		names, lasts = append(names, s.Name), append(lasts, s.Last())
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT set, f.number, f.name, f.sql, f.checksum
		FROM partywall.tenant_files f JOIN unnest($1::text[], $2::bigint[]) AS known(set, number) USING (set)
		WHERE f.number > known.number ORDER BY f.number`, pq.Array(names), pq.Array(lasts))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var in string
		m := Migration{published: true}
		if err := rows.Scan(&in, &m.number, &m.name, &m.sql, &m.checksum); err != nil {
			return nil, err
		}
		s := &sets[slices.Index(names, in)]
		s.Migrations = append(s.Migrations, m)
	}
	return sets, rows.Err()
}
