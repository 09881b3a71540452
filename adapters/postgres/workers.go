package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Workers admits jobs to tenants. It implements [ports.WorkerStore].
type Workers struct{ db *DB }

var _ ports.WorkerStore = (*Workers)(nil)

// Workers returns the admission of jobs to tenants.
func (db *DB) Workers() *Workers { return &Workers{db} }

// schemaOID is the OID of the schema with the name, and 0 where there is none. It is the
// incarnation of a tenant: a gate can read it, and a new tenant has a new schema.
func schemaOID(name string) string {
	return `coalesce(pg_catalog.to_regnamespace(` + name + `)::pg_catalog.oid, 0)`
}

// Admit implements [ports.WorkerStore] with one statement. It also reads the tenant's
// gate, so that entering the tenant does not look for it.
func (w *Workers) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	logins, err := w.db.logins()
	if err != nil {
		return ports.AdmittedWorker{}, pg.Translate(ctx, err, "admit a worker")
	}
	event, err := domain.NewWorkerEvent(ctx, a.Tenant, a.Reason)
	if err != nil {
		return ports.AdmittedWorker{}, err
	}
	record, args := insertEvent(3, "FROM admitted", event)
	gate := 0
	scan := func(row pg.Scanner) (found ports.AdmittedWorker, err error) {
		err = row.Scan(&found.Incarnation, &gate, &found.Limits.MaxRequests, &found.Limits.MaxConnections)
		return found, err
	}
	found, err := pg.One(ctx, logins.SystemFor(a.Tenant), scan, `
		WITH admitted AS (
			SELECT t.* FROM partywall.tenants t WHERE t.id = $1 AND `+servesMembers+` FOR NO KEY UPDATE
		), recorded AS (
			`+record+`
		)
		SELECT `+schemaOID("$2")+`::text, t.gate, `+limitColumns+` FROM admitted t`,
		append([]any{a.Tenant.String(), pq.QuoteIdentifier(pg.SchemaOf(a.Tenant))}, args...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return ports.AdmittedWorker{}, pg.ErrNoSuchTenant()
	}
	if err != nil {
		return ports.AdmittedWorker{}, pg.Translate(ctx, err, "admit a worker to tenant "+a.Tenant.String())
	}
	w.db.learnGate(logins, a.Tenant, gate)
	return found, nil
}

// InIncarnation is [DB.InTenant] for one incarnation of the tenant: a later tenant with
// the same ID is [domain.CodeTenantNotFound]. The check costs no round trip.
func (db *DB) InIncarnation(ctx context.Context, id domain.TenantID, incarnation ports.Incarnation, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...pg.TxOption) error {
	return entering{db: db, id: id, condition: servesIncarnation(id, incarnation)}.run(ctx, fn, options...)
}

// servesIncarnation is the condition that the tenant is active, and of that incarnation.
func servesIncarnation(id domain.TenantID, incarnation ports.Incarnation) string {
	schema := pq.QuoteLiteral(pq.QuoteIdentifier(pg.SchemaOf(id)))
	return servesMembers + ` AND ` + schemaOID(schema) + `::text = ` + pq.QuoteLiteral(string(incarnation))
}
