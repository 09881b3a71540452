package inspection

import (
	"cmp"
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// missingSchema is why a tenant without a schema is behind, whatever its ledger says.
const missingSchema = "its schema is missing: restore it from a backup, because setup makes no schema anew"

// ReadMissingSchemas returns the tenants whose schemas are missing.
func ReadMissingSchemas(ctx context.Context, tx *sqlx.Tx) ([]domain.TenantID, error) {
	return pg.TenantIDs(ctx, tx, `SELECT t.id FROM partywall.tenants t WHERE `+schema.LacksSchema+` ORDER BY t.id`)
}

// addMissingSchemas adds the tenants whose schemas are missing to those that are behind.
func addMissingSchemas(ctx context.Context, tx *sqlx.Tx, status *MigrationStatus) error {
	ids, err := ReadMissingSchemas(ctx, tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		at := slices.IndexFunc(status.Behind, func(t BehindTenant) bool { return t.ID == id })
		if at < 0 {
			at = len(status.Behind)
			status.Behind = append(status.Behind, BehindTenant{ID: id, Has: status.Wanted})
		}
		status.Behind[at].Failure = missingSchema
	}
	slices.SortFunc(status.Behind, func(a, b BehindTenant) int { return compareIDs(a.ID, b.ID) })
	return nil
}

func compareIDs(a, b domain.TenantID) int { return cmp.Compare(a.String(), b.String()) }
