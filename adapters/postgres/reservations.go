package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Reservations keeps the IDs of tenants that wait for their first owner. It
// implements [ports.ReservationStore].
type Reservations struct{ db *DB }

var _ ports.ReservationStore = (*Reservations)(nil)

// Reservations returns the reservations of all IDs.
func (db *DB) Reservations() *Reservations { return &Reservations{db} }

// reserved is what a reservation fulfils that hasn't expired. A tenant of the same
// ID, which a program of an older release made, takes precedence.
const reserved = `(r.expires_at > now() AND NOT EXISTS (SELECT FROM partywall.tenants t WHERE t.id = r.id AND ` + present + `))`

// Reserve implements [ports.ReservationStore] on the system's login. It doesn't
// wait for a transaction that is about to give the ID out.
func (r *Reservations) Reserve(ctx context.Context, n ports.ReservationRequest) (domain.Tenant, error) {
	logins, err := r.db.logins()
	if err != nil {
		return domain.Tenant{}, pg.Translate(ctx, err, "reserve a tenant's ID")
	}
	var made domain.Tenant
	err = logins.System.InScope(ctx, r.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := free(ctx, tx, n.ID); err != nil {
			return err
		}
		others, err := roomToReserve(ctx, tx, n.Limits)
		if err != nil {
			return err
		}
		if made, err = reserve(ctx, tx, n, n.Life(others)); err != nil || n.By.IsZero() {
			return err
		}
		return recordReservation(ctx, tx, made, n.By)
	})
	return made, pg.Translate(ctx, err, "reserve the ID "+n.ID.String())
}

// free takes the ID's lock and removes a reservation that has expired. It returns
// [domain.CodeTenantExists] where the ID is taken or is being given out.
func free(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	mine, err := lockOfID(id).try(ctx, tx)
	if err != nil {
		return err
	}
	if !mine {
		return domain.NewError(domain.CodeTenantExists)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM partywall.reservations r WHERE r.id = $1 AND NOT `+reserved, id.String()); err != nil {
		return err
	}
	var taken bool
	err = tx.GetContext(ctx, &taken, `
		SELECT EXISTS (SELECT FROM partywall.tenants t WHERE t.id = $1 AND `+present+`)
		OR EXISTS (SELECT FROM partywall.tombstones WHERE id = $1)
		OR EXISTS (SELECT FROM partywall.reservations WHERE id = $1)`, id.String())
	if taken {
		return domain.NewError(domain.CodeTenantExists)
	}
	return err
}

// roomToReserve returns how many reservations there are, or an error if there is no
// room for one more.
func roomToReserve(ctx context.Context, tx *sqlx.Tx, limits *ports.ReservationLimits) (others int, err error) {
	if limits == nil {
		return 0, nil // its life depends on no others
	}
	if err := lockOfReservations().take(ctx, tx); err != nil {
		return 0, err
	}
	const waiting = `SELECT count(*), min(expires_at), now() FROM partywall.reservations WHERE expires_at > now() - $1 * interval '1 microsecond'`
	for _, limit := range limits.Networks {
		there, err := countSince(ctx, tx, waiting+` AND counted AND `+inNetwork("$2"), 0, cidr(limit.Network))
		if err != nil {
			return 0, err
		}
		if there.count >= limit.Max {
			return 0, ports.ErrNetworkReserved(there.wait)
		}
	}
	there, err := countSince(ctx, tx, waiting, 0)
	if err == nil && there.count >= limits.MaxInAll {
		return 0, ports.ErrTooManyReserved(there.wait)
	}
	return there.count, err
}

func reserve(ctx context.Context, tx *sqlx.Tx, n ports.ReservationRequest, life time.Duration) (domain.Tenant, error) {
	counted, network := false, any(nil)
	if n.Limits != nil {
		counted, network = len(n.Limits.Networks) > 0, cidr(ports.Narrowest(n.Limits.Networks))
	}
	return scanTenant(tx.QueryRowContext(ctx, `
		INSERT INTO partywall.reservations (id, name, token, counted, network, expires_at)
		VALUES ($1, $2, $3, $4, $5::cidr, now() + $6 * interval '1 microsecond')
		RETURNING id, name, 'unclaimed', created_at, expires_at`,
		n.ID.String(), n.Name, n.Token[:], counted, network, life.Microseconds()))
}

// recordReservation records the event. The transaction has the ID's lock.
func recordReservation(ctx context.Context, tx *sqlx.Tx, made domain.Tenant, by domain.Actor) error {
	event, err := domain.NewTenantEvent(ctx, domain.EventTenantReserved, made, domain.Identity{}, domain.Email{}, by)
	if err != nil {
		return err
	}
	record, args := insertEvent(1, "", event)
	_, err = tx.ExecContext(ctx, record, args...)
	return err
}

func scanTenantID(row pg.Scanner) (domain.TenantID, error) {
	var id string
	if err := row.Scan(&id); err != nil {
		return domain.TenantID{}, err
	}
	return domain.ParseTenantID(id)
}
