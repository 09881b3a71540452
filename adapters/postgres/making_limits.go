package postgres

import (
	"context"
	"database/sql"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// refuseOverQuota returns [domain.CodeTenantQuota] for an owner who owns as many
// tenants as allowed. Until the transaction ends, the owner gets no other.
func refuseOverQuota(ctx context.Context, tx *sqlx.Tx, who domain.Identity, limit int) error {
	if limit == 0 {
		return nil
	}
	if err := lockOfOwner(who).take(ctx, tx); err != nil {
		return err
	}
	var owned int
	err := tx.GetContext(ctx, &owned, `
		SELECT count(*) FROM partywall.memberships
		WHERE provider = $1 AND subject = $2 AND role = 'owner'`, who.Provider(), who.Subject())
	if err == nil && owned >= limit {
		return domain.NewError(domain.CodeTenantQuota)
	}
	return err
}

// counting runs work with the tenant that it makes counted. Where work makes none, it
// isn't counted afterwards, also where work panics.
func (db *DB) counting(ctx context.Context, l *installation.Logins, making []byte, limits *ports.UnconfirmedLimits, work func() (made bool, err error)) error {
	first, err := db.hold(ctx, l, making, limits)
	if err != nil {
		return err
	}
	made := false
	defer func() {
		if first && !made {
			db.release(ctx, l, making)
		}
	}()
	made, err = work()
	return err
}

// hold counts a tenant that is about to be made for an owner whose address isn't
// confirmed, so that it isn't refused later. It reports whether the making wasn't
// counted before: then release takes it back, if nothing comes of it.
func (db *DB) hold(ctx context.Context, l *installation.Logins, making []byte, limits *ports.UnconfirmedLimits) (first bool, err error) {
	if limits == nil {
		return false, nil
	}
	err = l.System.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := lockOfUnconfirmed().take(ctx, tx); err != nil {
			return err
		}
		var again bool
		if err := tx.GetContext(ctx, &again, `SELECT EXISTS (SELECT FROM partywall.unconfirmed WHERE making = $1)`, making); again || err != nil {
			return err
		}
		if err := refuseUnconfirmed(ctx, tx, limits); err != nil {
			return err
		}
		first = true
		return countUnconfirmed(ctx, tx, making, limits)
	})
	return first && err == nil, err
}

// release takes back what hold counted. That it can't is no harm: the row expires.
func (db *DB) release(ctx context.Context, l *installation.Logins, making []byte) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	err := l.System.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM partywall.unconfirmed WHERE making = $1`, making)
		return err
	})
	if err != nil {
		db.logger.WarnContext(ctx, "a tenant that was not made stays counted for a day", "error", err)
	}
}

const releaseTimeout = 2 * time.Second

// refuseUnconfirmed returns an error if there is no room for one more.
func refuseUnconfirmed(ctx context.Context, tx *sqlx.Tx, limits *ports.UnconfirmedLimits) error {
	const since = ` FROM partywall.unconfirmed WHERE made_at > now() - $1 * interval '1 microsecond'`
	for _, limit := range limits.Networks {
		made, err := countSince(ctx, tx, `SELECT count(*), min(made_at), now()`+since+` AND `+inNetwork("$2"), ports.UnconfirmedDay, cidr(limit.Network))
		if err != nil {
			return err
		}
		if made.count >= limit.Max {
			return ports.ErrTooManyMade(made.wait)
		}
	}
	made, err := countSince(ctx, tx, `SELECT count(*), min(made_at), now()`+since, ports.UnconfirmedHour)
	if err == nil && made.count >= limits.MaxHourly {
		return ports.ErrTooManyMade(made.wait)
	}
	return err
}

// counted is how many rows there are in a window of time, and how long it takes
// until the oldest leaves it.
type counted struct {
	count int
	wait  time.Duration
}

func countSince(ctx context.Context, tx *sqlx.Tx, query string, window time.Duration, more ...any) (c counted, err error) {
	var oldest sql.NullTime
	var now time.Time
	err = tx.QueryRowContext(ctx, query, append([]any{window.Microseconds()}, more...)...).Scan(&c.count, &oldest, &now)
	if oldest.Valid {
		c.wait = oldest.Time.Add(window).Sub(now)
	}
	return c, err
}

func countUnconfirmed(ctx context.Context, tx *sqlx.Tx, making []byte, limits *ports.UnconfirmedLimits) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.unconfirmed (making, network) VALUES ($1, $2::cidr) ON CONFLICT DO NOTHING`,
		making, cidr(ports.Narrowest(limits.Networks)))
	return err
}

// inNetwork is whether a row's network lies in the one of the parameter. A null one
// lies in null.
func inNetwork(parameter string) string {
	return `(network <<= ` + parameter + `::cidr OR network IS NULL AND ` + parameter + `::cidr IS NULL)`
}

// cidr is the network as a parameter.
func cidr(network netip.Prefix) any {
	if !network.IsValid() {
		return nil
	}
	return network.Masked().String()
}
