package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Tenants is the registry of tenants: a [ports.TenantRegistry], a
// [ports.TenantProvisioner] and a [ports.TenantProber].
type Tenants struct{ db *DB }

var (
	_ ports.TenantRegistry    = (*Tenants)(nil)
	_ ports.TenantProvisioner = (*Tenants)(nil)
	_ ports.TenantProber      = (*Tenants)(nil)
)

// Tenants returns the registry of tenants.
func (db *DB) Tenants() *Tenants { return &Tenants{db} }

// The rules about the status of a tenant t, as [domain.TenantStatus] has them. Each
// names the statuses that it accepts, so that a status that only a later program has
// is neither served nor swept, and keeps its ID.
const (
	servesMembers  = `t.status = 'active'`
	answers        = `(t.status = 'active' OR t.status = 'unclaimed' AND t.expires_at > now())` // any caller may ask it the time
	mayBePurged    = `t.status IN ('deleted', 'purging')`
	ownersSee      = `t.status IN ('active', 'suspended', 'deleted')`
	listsMembers   = `t.status IN ('active', 'suspended', 'deleted', 'purging')`
	acceptsMembers = `t.status IN ('active', 'suspended')`
	neverClaimed   = `(t.status = 'unclaimed' AND t.expires_at <= now())` // absent: its ID is free
	present        = `NOT ` + neverClaimed
)

// hasRecord is true for a tenant t that is not only reserved. It accepts a status of a
// later program, too, because a tenant without a record counts as gone: [domain.TenantChange]
// refuses to change such a tenant.
const hasRecord = `t.status <> 'unclaimed'`

// tenantColumns are what a tenantRow is read from.
const tenantColumns = `t.id, t.name, t.status, t.created_at, t.expires_at`

// tenantRow is a row of partywall.tenants.
type tenantRow struct {
	id, name, status string
	createdAt        time.Time
	expiresAt        sql.NullTime
}

// targets are where the columns are scanned to.
func (r *tenantRow) targets() []any {
	return []any{&r.id, &r.name, &r.status, &r.createdAt, &r.expiresAt}
}

func (r *tenantRow) tenant() (t domain.Tenant, err error) {
	t = domain.Tenant{Name: r.name, Status: domain.TenantStatus(r.status), CreatedAt: r.createdAt.UTC()}
	if t.Status == domain.Unclaimed {
		t.ClaimExpiresAt = r.expiresAt.Time.UTC()
	}
	t.ID, err = domain.ParseTenantID(r.id)
	return t, err
}

// scanTenant reads tenantColumns, after what goes before.
func scanTenant(row pg.Scanner, before ...any) (domain.Tenant, error) {
	var r tenantRow
	if err := row.Scan(append(before, r.targets()...)...); err != nil {
		return domain.Tenant{}, err
	}
	return r.tenant()
}

// anyone takes the turns of the callers who prove nothing, in place of a tenant's ID: they
// do not use up the turns of the tenant that they name.
const anyone = "?"

// Probe implements [ports.TenantProber] with one message on the gate: the time,
// and the schema that is reached first, asked inside the tenant.
func (t *Tenants) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	logins, err := t.db.logins()
	if err != nil {
		return time.Time{}, pg.Translate(ctx, err, "ask the time")
	}
	var now time.Time
	err = entering{db: t.db, id: id, condition: answers}.try(ctx, func(g gate) (entered bool, err error) {
		err = g.pool.For(anyone, 0).Query(ctx, func(rows *sql.Rows) (err error) {
			now, err = g.readClock(rows)
			return err
		}, g.clockMessage())
		return err == nil, err
	})
	if domain.CodeOf(err) == domain.CodeTenantNotFound {
		now, err = reservationClock(ctx, logins.System, id)
	}
	return now, pg.Translate(ctx, err, "ask the time in tenant "+id.String())
}

// reservationClock reads the time if the ID is reserved.
func reservationClock(ctx context.Context, system *pg.Pool, id domain.TenantID) (time.Time, error) {
	now, err := pg.One(ctx, system, func(row pg.Scanner) (now time.Time, err error) { err = row.Scan(&now); return now.UTC(), err },
		`SELECT now() FROM partywall.reservations r WHERE r.id = $1 AND `+reserved, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		err = pg.ErrNoSuchTenant()
	}
	return now, err
}

// clockMessage enters the tenant, if it lets us in, in a transaction that is the message.
func (g gate) clockMessage() string {
	return pg.SettingsFrom(g.source(), enter(g.in, g.id)...) + `; SELECT now(), current_schema()`
}

// readClock reads the answer to [gate.clockMessage], from inside the schema.
func (g gate) readClock(rows *sql.Rows) (now time.Time, err error) {
	entered := false
	for rows.Next() {
		entered = true
	}
	var reached sql.NullString
	if rows.NextResultSet() && rows.Next() {
		err = rows.Scan(&now, &reached)
	}
	switch {
	case err != nil:
		return now, err
	case rows.Err() != nil:
		return now, rows.Err()
	case !entered:
		return now, pg.ErrNotLetIn
	case reached.String != pg.SchemaOf(g.id):
		return now, g.errNoSchema()
	}
	return now.UTC(), nil
}

// List implements [ports.TenantRegistry].
func (t *Tenants) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	logins, err := t.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list tenants")
	}
	var tenants []domain.Tenant
	err = logins.System.Each(ctx, func(rows *sql.Rows) error {
		tenant, err := scanTenant(rows)
		tenants = append(tenants, tenant)
		return err
	}, `
		(SELECT `+tenantColumns+` FROM partywall.tenants t
			WHERE t.id > $1 AND `+present+` ORDER BY t.id LIMIT $2)
		UNION ALL
		(SELECT r.id, r.name, 'unclaimed', r.created_at, r.expires_at FROM partywall.reservations r
			WHERE r.id > $1 AND `+reserved+` ORDER BY r.id LIMIT $2)
		ORDER BY id LIMIT $2`, after.String(), max(limit, 0))
	return tenants, pg.Translate(ctx, err, "list tenants")
}
