package schema

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// While an installation is upgraded, an older program serves beside the newer
// one's setup. The tenants that it makes must not lack what that setup gave to
// all others: it reads the newer migrations from the database, where setup
// publishes them before it brings the tenants there.

// RefuseChanged refuses a tenant's migration that was changed after it was applied.
func RefuseChanged(ctx context.Context, tx *sqlx.Tx, sets []Set) error {
	applied, err := readTenants(ctx, tx)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if _, err := applied.missing(set); err != nil {
			return err
		}
	}
	return nil
}

// Publish stores the set as what makes a tenant from now on.
func (s Set) Publish(ctx context.Context, tx *sqlx.Tx) error {
	var published []string
	err := tx.SelectContext(ctx, &published, `SELECT checksum FROM partywall.tenant_files WHERE set = $1 ORDER BY number`, s.Name)
	if err != nil {
		return err
	}
	if len(published) >= len(s.Migrations) && slices.EqualFunc(s.Migrations, published[:len(s.Migrations)], func(m Migration, sum string) bool { return m.checksum == sum }) {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `LOCK TABLE partywall.tenant_files`); err != nil {
		return err
	}
	for _, m := range s.Migrations {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.tenant_files (set, number, name, checksum, sql) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (set, number) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, sql = excluded.sql`,
			s.Name, m.number, m.name, m.checksum, withoutTransaction(m.sql)) // an older program sends it as it is
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
	var lengths []int64
	for i, s := range sets {
		sets[i].Migrations = slices.Clip(s.Migrations)
		names, lengths = append(names, s.Name), append(lengths, int64(len(s.Migrations)))
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT set, f.number, f.name, f.sql, f.checksum
		FROM partywall.tenant_files f JOIN unnest($1::text[], $2::int[]) AS known(set, number) USING (set)
		WHERE f.number > known.number ORDER BY f.number`, pq.Array(names), pq.Array(lengths))
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
