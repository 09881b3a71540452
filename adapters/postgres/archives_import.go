package postgres

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/archive"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// importing is an import in its transaction. Until it is activated, the tenant's row is
// one that a sweep removes when it is no longer renewed.
type importing struct {
	db      *DB
	in      installation.Installation
	from    ports.TenantImport
	token   string
	refused error // the archive's
}

func (i *importing) run(ctx context.Context, tx *sqlx.Tx) error {
	id := i.from.Tenant.ID
	p := provisioning{db: i.db, in: i.in, new: ports.TenantCreation{ID: id, Name: i.from.Tenant.Name}, request: i.token}
	p.made.Tenant.Name = i.from.Tenant.Name
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	if err := p.register(ctx, tx); err != nil {
		return err
	}
	if err := i.members(ctx, tx); err != nil {
		return err
	}
	if err := i.invitations(ctx, tx); err != nil {
		return err
	}
	var applied []schema.Applied
	for _, file := range i.from.Files {
		applied = append(applied, schema.Applied(file))
	}
	err := i.in.ImportTenant(ctx, tx, i.db.sets.Tenant, id, p.gate, applied, i.load)
	if err != nil {
		return schema.RefusedFile(err, func(err error) bool { return pg.WhyAgain(err) != "" })
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE partywall.tenants SET settings = $2, max_requests = nullif($3, 0), max_connections = nullif($4, 0),
			expires_at = clock_timestamp() + $5 * interval '1 microsecond' WHERE id = $1`,
		id.String(), i.from.Tenant.Settings.String(), i.from.Tenant.Limits.MaxRequests, i.from.Tenant.Limits.MaxConnections, ports.ImportLife.Microseconds())
	return err
}

func (i *importing) load(ctx context.Context, tx *sqlx.Tx) error {
	in := i.from
	in.Rows = func(t ports.ArchivedTable) (io.Reader, error) {
		rows, err := i.from.Rows(t)
		i.refused = err
		return &rowReader{rows, i}, err
	}
	return archive.Load(ctx, tx, in)
}

// rowReader keeps the error of the archive, which comes back as it is.
type rowReader struct {
	io.Reader
	importing *importing
}

// Read implements [io.Reader].
func (r *rowReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.importing.refused = err
	}
	return n, err
}

func (i *importing) members(ctx context.Context, tx *sqlx.Tx) error {
	for m, err := range i.from.Members {
		if err != nil {
			i.refused = err
			return err
		}
		if err := insertMembership(m).runAlone(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// invitations stores the invitations without tokens.
func (i *importing) invitations(ctx context.Context, tx *sqlx.Tx) error {
	for invitation, err := range i.from.Invitations {
		if err != nil {
			i.refused = err
			return err
		}
		err = importInvitation(invitation).runAlone(ctx, tx)
		if pg.SQLState(err) == pqerror.UniqueViolation {
			return ports.ErrTwoInvitations().WithCause(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pendingImport is what the row of a tenant t fulfils whose import has the token $2.
const pendingImport = `t.id = $1 AND t.request = $2 AND t.status = 'unclaimed'`

// Renew implements [ports.TenantArchives].
func (a *Archives) Renew(ctx context.Context, p ports.PendingImport) error {
	return a.inRegistry(ctx, "renew an import", func(ctx context.Context, tx *sqlx.Tx) error {
		renewed, err := tx.ExecContext(ctx, `
			UPDATE partywall.tenants t SET expires_at = now() + $3 * interval '1 microsecond'
			WHERE `+pendingImport+` AND t.expires_at > now()`, p.Tenant.String(), p.Token, ports.ImportLife.Microseconds())
		if err != nil {
			return err
		}
		if n, err := renewed.RowsAffected(); n == 0 || err != nil {
			return errors.Join(err, ports.ErrImportEnded)
		}
		return nil
	})
}

// Activate implements [ports.TenantArchives].
func (a *Archives) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (made domain.Tenant, err error) {
	err = a.inRegistry(ctx, "activate tenant "+p.Tenant.String(), func(ctx context.Context, tx *sqlx.Tx) error {
		made, err = scanTenant(tx.QueryRowContext(ctx, `
			UPDATE partywall.tenants t SET status = 'active', expires_at = NULL
			WHERE `+pendingImport+` AND t.expires_at > now() RETURNING `+tenantColumns, p.Tenant.String(), p.Token))
		if errors.Is(err, sql.ErrNoRows) {
			made, err = activated(ctx, tx, p)
			return err
		} else if err != nil {
			return err
		}
		owner, err := scanMembership(tx.QueryRowContext(ctx, `
			SELECT `+membershipColumns+` FROM partywall.memberships m WHERE m.tenant = $1 AND `+keepsOwnership+` ORDER BY m.created_at LIMIT 1`, p.Tenant.String()))
		if errors.Is(err, sql.ErrNoRows) {
			return domain.NewError(domain.CodeLastOwner)
		} else if err != nil {
			return err
		}
		event, err := domain.NewTenantEvent(ctx, domain.EventTenantCreated, made, owner.Identity, domain.Email{}, by) // without an address, no welcome mail is sent
		if err != nil {
			return err
		}
		record, args := insertEvent(1, "", event)
		_, err = tx.ExecContext(ctx, record, args...)
		return err
	})
	return made, err
}

// activated returns the tenant of an import whose activation is repeated.
func activated(ctx context.Context, tx *sqlx.Tx, p ports.PendingImport) (domain.Tenant, error) {
	made, err := scanTenant(tx.QueryRowContext(ctx, `
		SELECT `+tenantColumns+` FROM partywall.tenants t
		WHERE t.id = $1 AND t.request = $2 AND t.status = 'active'`, p.Tenant.String(), p.Token))
	if errors.Is(err, sql.ErrNoRows) {
		err = ports.ErrImportEnded
	}
	return made, err
}

// Discard implements [ports.TenantArchives].
func (a *Archives) Discard(ctx context.Context, p ports.PendingImport) error {
	logins, err := a.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, "discard an import")
	}
	err = a.db.own.InScope(ctx, a.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		ended, err := tx.ExecContext(ctx, `UPDATE partywall.tenants t SET expires_at = now() WHERE `+pendingImport, p.Tenant.String(), p.Token)
		if err != nil {
			return err
		}
		if n, err := ended.RowsAffected(); n == 0 || err != nil {
			return err
		}
		_, err = removeExpired(ctx, tx, logins.Installation, p.Tenant)
		return err
	})
	return pg.Translate(ctx, a.db.explainKeptRole(ctx, logins.Installation, err), "discard the import of "+p.Tenant.String())
}

// inRegistry runs fn on the system's login.
func (a *Archives) inRegistry(ctx context.Context, what string, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	logins, err := a.db.logins()
	if err == nil {
		err = logins.System.InScope(ctx, a.db.cfg.OwnScope(), fn)
	}
	return pg.Translate(ctx, err, what)
}
