package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/archive"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Archives exports and imports tenants on connections of its own, so that it takes none
// from those that serve. It implements [ports.TenantArchives].
type Archives struct{ db *DB }

var _ ports.TenantArchives = (*Archives)(nil)

// Archives returns what exports and imports tenants.
func (db *DB) Archives() *Archives { return &Archives{db} }

// alone runs fn in a transaction of Config.User on a connection of its own.
func (a *Archives) alone(ctx context.Context, options sql.TxOptions, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	if err := pg.NoScope(ctx); err != nil {
		return err
	}
	pool := pg.NewPool(a.db.cfg, pg.NewOwnConnector(a.db.cfg), 1)
	defer func() { _ = pool.DB.Close() }()
	scope := pg.NewOwnScope("archive", archive.Settings(a.db.cfg)...)
	scope.Options = options
	return pool.InScope(ctx, scope, fn)
}

// errMigrated says that a migration changed the tenant while its export began.
var errMigrated = errors.New("the tenant was migrated meanwhile")

// Export implements [ports.TenantArchives] in one REPEATABLE READ transaction.
func (a *Archives) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (found ports.ArchivedTenant, err error) {
	logins, err := a.db.logins()
	if err != nil {
		return ports.ArchivedTenant{}, pg.Translate(ctx, err, "export a tenant")
	}
	const attempts = 5
	for range attempts {
		e := exporting{a.db, logins, id, into, nil}
		err = a.alone(ctx, sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			found, err = e.run(ctx, tx)
			return err
		})
		if e.refused != nil {
			return ports.ArchivedTenant{}, e.refused
		}
		if !errors.Is(err, errMigrated) {
			break
		}
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ports.ArchivedTenant{}, pg.ErrNoSuchTenant()
	case errors.Is(err, errMigrated):
		return ports.ArchivedTenant{}, domain.Errorf(domain.Unavailable, "migrations of the tenant run at the moment; try again").WithRetryAfter(retryAfterOthers)
	case err != nil:
		return ports.ArchivedTenant{}, pg.Translate(ctx, err, "export tenant "+id.String())
	}
	return found, nil
}

// exporting is an export in its transaction.
type exporting struct {
	db      *DB
	logins  *installation.Logins
	id      domain.TenantID
	into    ports.ArchiveSink
	refused error // into's
}

func (e *exporting) run(ctx context.Context, tx *sqlx.Tx) (found ports.ArchivedTenant, err error) {
	var versions versions
	d, err := scanDetails(tx.QueryRowContext(ctx, `SELECT `+detailsOfTenant+` FROM partywall.tenants t WHERE t.id = $1 AND `+ownersSee, e.id.String()))
	if err != nil {
		return found, err
	}
	found.Tenant = d.TenantDetails
	if err := tx.GetContext(ctx, &versions, versionsOfTenant, e.id.String()); err != nil {
		return found, err
	}
	reading, err := archive.Begin(ctx, tx, e.id)
	if err != nil {
		return found, err
	}
	if err := e.stillAt(ctx, versions); err != nil {
		return found, err
	}
	if err := reading.RefuseLargeObjects(ctx, tx, e.roleOfObjects()); err != nil {
		return found, err
	}
	if err := tx.SelectContext(ctx, &found.Files, `SELECT set, number, name, checksum FROM partywall.migrations WHERE tenant = $1 ORDER BY set, number`, e.id.String()); err != nil {
		return found, err
	}
	if found.Sequences, err = reading.Sequences(ctx, tx); err != nil {
		return found, err
	}
	if err := e.members(ctx, tx); err != nil {
		return found, err
	}
	if err := e.invitations(ctx, tx); err != nil {
		return found, err
	}
	return found, reading.Rows(ctx, tx, sink{e})
}

// versions are the numbers of the last files that a tenant has.
type versions struct {
	Ours    int64 `db:"pw_version"`
	Product int64 `db:"version"`
}

const versionsOfTenant = `SELECT pw_version, version FROM partywall.tenants t WHERE t.id = $1`

// stillAt returns errMigrated if the tenant has other versions than those that the
// transaction sees. Once its tables are locked, no migration changes them.
func (e *exporting) stillAt(ctx context.Context, seen versions) error {
	now, err := pg.One(ctx, e.logins.System, func(row pg.Scanner) (v versions, err error) {
		err = row.Scan(&v.Ours, &v.Product)
		return v, err
	}, versionsOfTenant, e.id.String())
	if err == nil && now != seen {
		return errMigrated
	}
	return err
}

// roleOfObjects is the owner of the tenant's large objects. Without roles they belong to
// Config.User, as those of all tenants.
func (e *exporting) roleOfObjects() string {
	if e.logins.Roles {
		return e.logins.TenantRole(e.id)
	}
	return e.db.cfg.User
}

func (e *exporting) members(ctx context.Context, tx *sqlx.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+membershipColumns+` FROM partywall.memberships m WHERE m.tenant = $1 ORDER BY m.created_at, m.provider, m.subject`, e.id.String())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		m, err := scanMembership(rows)
		if err != nil {
			return err
		}
		if e.refused = e.into.Member(m); e.refused != nil {
			return e.refused
		}
	}
	return rows.Err()
}

func (e *exporting) invitations(ctx context.Context, tx *sqlx.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT `+invitationColumns+` FROM partywall.tenant_invitations i WHERE i.tenant = $1 ORDER BY i.id`, e.id.String())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		i, err := scanInvitation(rows)
		if err != nil {
			return err
		}
		if e.refused = e.into.Invitation(i); e.refused != nil {
			return e.refused
		}
	}
	return rows.Err()
}

// Import implements [ports.TenantArchives] in one transaction.
func (a *Archives) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	logins, err := a.db.logins()
	if err != nil {
		return ports.PendingImport{}, pg.Translate(ctx, err, "import a tenant")
	}
	i := importing{db: a.db, in: logins.Installation, from: in, token: rand.Text()}
	err = a.alone(ctx, sql.TxOptions{}, i.run)
	switch {
	case i.refused != nil:
		return ports.PendingImport{}, i.refused
	case err != nil:
		return ports.PendingImport{}, pg.Translate(ctx, err, "import tenant "+in.Tenant.ID.String())
	}
	return ports.PendingImport{Tenant: in.Tenant.ID, Token: i.token}, nil
}
