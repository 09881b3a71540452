package schema

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Missing is a migration that a tenant lacks, or, for a set without versions, the
// installation.
type Missing struct {
	Set       Set
	Migration Migration
	Last      bool // the tenant lacks no other one
}

// Failed names the file in an error of the transaction that ran it.
func (m Missing) Failed(ctx context.Context, err error) error {
	return failedIn(ctx, m.Set.File(m.Migration), m.Migration, err)
}

// record is the text of statements that record the migration, once it has run.
func (m Missing) record(tenant string) string {
	id := pq.QuoteLiteral(tenant)
	text := fmt.Sprintf(`
		INSERT INTO partywall.migrations (set, tenant, number, name, checksum) VALUES (%s, %s, %d, %s, %s)`,
		pq.QuoteLiteral(m.Set.Name), id, m.Migration.number, pq.QuoteLiteral(m.Migration.name), pq.QuoteLiteral(m.Migration.checksum))
	if m.Set.Version != "" {
		text += fmt.Sprintf("; UPDATE partywall.tenants SET %[1]s = greatest(%[1]s, %[2]d) WHERE id = %[3]s", m.Set.Version, m.Migration.number, id)
	}
	if m.Set.Version != "" && m.Last {
		text += "; DELETE FROM partywall.migration_failures WHERE tenant = " + id
	}
	return text
}

// RecordUpToDate sets the tenant's columns to what its ledger has, and deletes the
// record of a failure.
func RecordUpToDate(ctx context.Context, tx *sqlx.Tx, tenant string) error {
	if _, err := tx.ExecContext(ctx, Heal, tenant); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM partywall.migration_failures WHERE tenant = $1`, tenant)
	return err
}
