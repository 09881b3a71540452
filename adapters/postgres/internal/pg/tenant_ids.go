package pg

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// TenantIDs returns the tenants' IDs that a query selects.
func TenantIDs(ctx context.Context, tx *sqlx.Tx, query string, args ...any) ([]domain.TenantID, error) {
	var found []string
	if err := tx.SelectContext(ctx, &found, query, args...); err != nil {
		return nil, err
	}
	ids := make([]domain.TenantID, len(found))
	for i, id := range found {
		var err error
		if ids[i], err = domain.ParseTenantID(id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
