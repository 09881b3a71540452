package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Create implements [ports.TenantProvisioner]: registry, schema, role and migrations
// in one transaction, so that there is no half-made tenant to repair, whatever
// dies when. [Config.OnProvision] is called last; its error comes back as it is.
// Inside a scope Create is [CodeScopeNested].
func (t *Tenants) Create(ctx context.Context, tenant ports.TenantCreation) (ports.CreatedTenant, error) {
	if err := pg.NoScope(ctx); err != nil {
		return ports.CreatedTenant{}, err
	}
	logins, err := t.db.logins()
	if err != nil {
		return ports.CreatedTenant{}, pg.Translate(ctx, err, "create a tenant")
	}
	p := provisioning{db: t.db, in: logins.Installation, new: tenant, request: rand.Text(), patience: t.db.cfg.AcquireTimeout}
	err = p.counted(ctx, logins, p.provision)
	if refused := p.returned(ctx); refused != nil {
		return ports.CreatedTenant{}, refused
	}
	if err != nil {
		return ports.CreatedTenant{}, pg.Translate(ctx, err, "create tenant "+tenant.ID.String())
	}
	return p.made, nil
}

// provisioning is the making of one tenant.
type provisioning struct {
	db       *DB
	in       installation.Installation
	new      ports.TenantCreation
	token    []byte // of the reservation that is claimed; nil: a creation
	request  string // to find out later whether this request made the tenant
	patience time.Duration

	gate       int // the new tenant's
	made       ports.CreatedTenant
	owner      domain.Membership
	entered    *pg.Scope
	refused    error // OnProvision's
	committing bool  // all is done but the commit
}

// counted calls provision with the tenant counted, if its owner's address isn't
// confirmed. A request that was answered before isn't refused for its limits.
func (p *provisioning) counted(ctx context.Context, l *installation.Logins, provision func(context.Context) error) error {
	limits := p.new.Limits.Unconfirmed
	if limits == nil {
		return provision(ctx)
	}
	answered, err := p.answered(ctx, l)
	if err != nil {
		return err
	}
	if answered {
		return provision(ctx)
	}
	return p.db.counting(ctx, l, []byte(p.request), limits, func() (made bool, err error) {
		err = provision(ctx)
		return err == nil && !p.made.Replayed, err
	})
}

// provision makes the tenant in one transaction.
func (p *provisioning) provision(ctx context.Context) error {
	p.entered = p.scope()
	err := p.db.own.UseWithin(ctx, p.patience, func(db *sqlx.DB) error { return pg.InScope(ctx, db, p.entered, p.run) })
	if p.committing && err != nil && pg.WhyAgain(err) != "" && pg.ContextErr(ctx) == nil {
		return p.lookUp(ctx)
	}
	return p.db.explainKeptRole(ctx, p.in, err)
}

// returned is OnProvision's error, unless the connection or the context is to blame.
func (p *provisioning) returned(ctx context.Context) error {
	if p.refused != nil && !p.entered.Interrupted(ctx, p.refused) {
		return p.refused
	}
	return nil
}

// scope is our own: only migrations and OnProvision run on the tenant's path.
func (p *provisioning) scope() *pg.Scope {
	return pg.NewOwnScope(p.new.ID.String(), p.db.cfg.Timeouts()...)
}

func (p *provisioning) run(ctx context.Context, tx *sqlx.Tx) error {
	replayed, err := p.replay(ctx, tx)
	if replayed || err != nil {
		return err
	}
	if err := refuseOverQuota(ctx, tx, p.new.Owner, p.new.Limits.MaxOwned); err != nil {
		return err
	}
	if err := p.lock(ctx, tx); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *sqlx.Tx) error{p.claim, p.register, p.makeSchema, p.activate} {
		if err := step(ctx, tx); err != nil || p.made.Replayed {
			return err
		}
	}
	p.committing = true
	return nil
}

// lock keeps the ID from being given out by another, and chooses the tenant's gate.
func (p *provisioning) lock(ctx context.Context, tx *sqlx.Tx) error {
	gates, err := lockOfID(p.new.ID).takeWithGates(ctx, tx)
	if err != nil {
		return err
	}
	p.gate, err = p.db.placement.Place(ctx, tx, gates)
	return err
}

// claim reads what was reserved. A token that was spent in the meantime gives its
// owner the same answer again, and [sql.ErrNoRows] to another.
func (p *provisioning) claim(ctx context.Context, tx *sqlx.Tx) error {
	if p.token == nil {
		p.made.Tenant = domain.Tenant{ID: p.new.ID, Name: p.new.Name, Status: domain.Active}
		return nil
	}
	var err error
	p.made.Tenant, err = scanTenant(tx.QueryRowContext(ctx, `
		SELECT r.id, r.name, 'active', r.created_at, NULL::timestamptz
		FROM partywall.reservations r WHERE r.token = $1 AND r.id = $2 AND `+reserved, p.token, p.new.ID.String()))
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	again, err := repeatIn(ctx, tx, p.token, p.new.Owner, p.new.ID)
	p.made, p.owner = ports.CreatedTenant{Tenant: again.Tenant, Replayed: true}, again.Membership
	return err
}

// register takes the ID. What a creation that broke off left of it is removed first.
func (p *provisioning) register(ctx context.Context, tx *sqlx.Tx) error {
	for range 2 {
		err := p.insert(ctx, tx)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		was, err := removeExpired(ctx, tx, p.in, p.new.ID)
		if err != nil {
			return err
		}
		if was == taken {
			break
		}
	}
	return domain.NewError(domain.CodeTenantExists)
}

// insert adds the tenant's row, or returns [sql.ErrNoRows] where the ID is another's.
// Until activate the row is one that a sweep removes: a COMMIT that a product's code
// runs by itself leaves no tenant.
func (p *provisioning) insert(ctx context.Context, tx *sqlx.Tx) error {
	createdAt := sql.NullTime{Time: p.made.Tenant.CreatedAt, Valid: p.token != nil}
	err := tx.QueryRowContext(ctx, `
		INSERT INTO partywall.tenants (id, name, status, request, gate, created_at, expires_at)
		SELECT $1, $2, 'unclaimed', $3, least($4, i.gates - 1), coalesce($5, now()), now() FROM partywall.installation i
		WHERE ($6 OR NOT EXISTS (SELECT FROM partywall.reservations r WHERE r.id = $1 AND `+reserved+`))
			AND NOT EXISTS (SELECT FROM partywall.tombstones s WHERE s.id = $1)
		ON CONFLICT (id) DO NOTHING RETURNING created_at, gate`,
		p.new.ID.String(), p.made.Tenant.Name, p.request, p.gate, createdAt, p.token != nil).Scan(&p.made.Tenant.CreatedAt, &p.gate)
	p.made.Tenant.CreatedAt = p.made.Tenant.CreatedAt.UTC()
	return err
}

// makeSchema makes the schema, with the product's own rows.
func (p *provisioning) makeSchema(ctx context.Context, tx *sqlx.Tx) error {
	if err := p.db.refuseWithoutHook(ctx, tx); err != nil {
		return err
	}
	if err := p.in.MakeTenant(ctx, tx, p.db.sets.Tenant, p.new.ID, p.gate, true); err != nil {
		return schema.RefusedFile(err, func(err error) bool { return pg.WhyAgain(err) != "" })
	}
	if p.db.cfg.OnProvision == nil {
		return nil
	}
	if err := p.enter(ctx, tx); err != nil {
		return err
	}
	p.refused = p.db.cfg.OnProvision(ctx, tx, p.made.Tenant, p.new.Owner)
	return p.refused
}

// enter sets the tenant's path.
func (p *provisioning) enter(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, "SET LOCAL search_path = "+pg.PathOf(pg.SchemaOf(p.new.ID)))
	return err
}

// activate makes the registered tenant one that serves its owner, and spends the
// claim. Where the transaction isn't the one that the scope opened any more, the
// marker is gone and nothing is done.
func (p *provisioning) activate(ctx context.Context, tx *sqlx.Tx) error {
	if _, err := tx.ExecContext(ctx, pg.SetOwnPath); pg.SQLState(err) == pqerror.InFailedSQLTransaction {
		return pg.ErrSwallowed(err)
	} else if err != nil {
		return err
	}
	if limits := p.new.Limits.Unconfirmed; limits != nil && p.token != nil {
		// Another claim of the same token that failed may have taken the count back.
		if err := countUnconfirmed(ctx, tx, p.token, limits); err != nil {
			return err
		}
	}
	event, err := p.event(ctx)
	if err != nil {
		return err
	}
	args := []any{p.new.ID.String(), p.request, p.token, p.new.Owner.Provider(), p.new.Owner.Subject(), digest(p.new.Idempotency), p.new.OwnerEmail.String()}
	record, recorded := insertEvent(len(args)+1, "FROM made", event)
	p.owner = domain.Membership{Tenant: p.new.ID, Identity: p.new.Owner, Role: domain.RoleOwner, State: domain.MemberActive, Email: p.new.OwnerEmail}
	err = tx.GetContext(ctx, &p.owner.CreatedAt, `
		WITH made AS (
			UPDATE partywall.tenants SET status = 'active', expires_at = NULL
			WHERE id = $1 AND request = $2 AND current_setting(`+pq.QuoteLiteral(pg.Marker)+`, true) = $1
			RETURNING id, name, created_at
		), kept AS (`+keepTenant+`
		), freed AS (
			DELETE FROM partywall.reservations r USING made WHERE r.id = made.id
		), spent AS (
			INSERT INTO partywall.claims (token, tenant, provider, subject)
			SELECT $3, id, $4, $5 FROM made WHERE $3::bytea IS NOT NULL
		), recorded AS (
			`+record+`
		)
		INSERT INTO partywall.memberships (tenant, provider, subject, role, email)
		SELECT id, $4, $5, 'owner', nullif($7, '') FROM made RETURNING created_at`, append(args, recorded...)...)
	p.owner.CreatedAt = p.owner.CreatedAt.UTC()
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return pg.ErrEnded()
	case err != nil:
		return err
	}
	return p.enter(ctx, tx) // the deferred triggers of its tables run with the commit
}

// event returns the event of the new tenant.
func (p *provisioning) event(ctx context.Context) (domain.Event, error) {
	kind := domain.EventTenantCreated
	if p.token != nil {
		kind = domain.EventTenantClaimed
	}
	return domain.NewTenantEvent(ctx, kind, p.made.Tenant, p.new.Owner, p.new.OwnerEmail, p.new.By)
}
