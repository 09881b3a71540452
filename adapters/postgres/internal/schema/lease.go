package schema

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// ErrLeased says that another runner migrates the tenant at this moment.
var ErrLeased = errors.New("another runner migrates the tenant")

// OfferLeases makes the leases of the tenants.
func OfferLeases(ctx context.Context, tx *sqlx.Tx, ids []domain.TenantID) error {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.migration_leases (tenant)
		SELECT t.id FROM partywall.tenants t WHERE t.id = ANY ($1) ORDER BY t.id
		ON CONFLICT (tenant) DO NOTHING`, pq.Array(names))
	return err
}

// TakeLease takes the tenant's lease until the transaction ends, and returns what the
// tenant's ledger has. Where another runner has the lease, the error is [ErrLeased];
// where there is no tenant any more, or its data are being purged, [ErrNotThere].
// Meanwhile the tenant cannot be removed.
func TakeLease(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (l ledger, err error) {
	tenant := pq.QuoteLiteral(id.String())
	// The ledger is read by a statement that begins with the lease in hand: another
	// runner may have recorded a file until then.
	query := `
		SELECT true FROM partywall.migration_leases WHERE tenant = ` + tenant + ` FOR UPDATE SKIP LOCKED;
		SELECT true FROM partywall.tenants t WHERE id = ` + tenant + ` AND ` + KeepsData + ` FOR KEY SHARE;
		SELECT set, number, name, checksum FROM partywall.migrations WHERE tenant = ` + tenant
	rows, err := tx.QueryxContext(ctx, query) //nolint:sqlclosecheck // the deferred function closes them
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	leased, exists := hasRow(rows), hasRow(rows)
	for rows.Next() {
		var e entry
		if err := rows.StructScan(&e); err != nil {
			return nil, err
		}
		l = append(l, e)
	}
	switch err := rows.Err(); {
	case err != nil:
		return nil, err
	case !exists:
		return nil, ErrNotThere
	case !leased:
		return nil, ErrLeased
	}
	return l, nil
}

// hasRow reads a result to its end, which lib/pq needs before the next one.
func hasRow(rows *sqlx.Rows) (found bool) {
	for rows.Next() {
		found = true
	}
	rows.NextResultSet()
	return found
}

// Next returns the first migration of the sets that the ledger lacks, and nil where it
// lacks none.
func (l ledger) Next(sets []Set) (*Missing, error) {
	var next *Missing
	for _, s := range sets {
		if err := l.inOrder(s); err != nil {
			return nil, err
		}
		missing, err := l.missing(s)
		if err != nil {
			return nil, err
		}
		switch {
		case len(missing) == 0:
		case next != nil:
			next.Last = false
		default:
			next = &Missing{s, missing[0], len(missing) == 1}
		}
	}
	return next, nil
}
