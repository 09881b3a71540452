package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Create implements [ports.TenantStore]: registry, schema, role and migrations
// in one transaction, so that there is no half-made tenant to repair, whatever
// dies when. [Config.OnProvision] ends it; its error comes back as it is. Inside
// a scope Create is [CodeScopeNested].
func (t *Tenants) Create(ctx context.Context, tenant ports.NewTenant) (ports.CreatedTenant, error) {
	if err := noScope(ctx); err != nil {
		return ports.CreatedTenant{}, err
	}
	if err := checkNew(tenant); err != nil {
		return ports.CreatedTenant{}, err
	}
	logins, err := t.db.logins()
	if err != nil {
		return ports.CreatedTenant{}, translate(ctx, err, "create a tenant")
	}
	p := provisioning{db: t.db, in: logins.installation, new: tenant, request: rand.Text()}
	err = t.db.own.inScope(ctx, p.scope(), p.run)
	if p.committing && err != nil && whyAgain(err) != "" && contextErr(ctx) == nil {
		err = p.lookUp(ctx)
	}
	if p.refused != nil && !theDriver(ctx, p.refused) {
		return ports.CreatedTenant{}, p.refused
	}
	if err != nil {
		return ports.CreatedTenant{}, translate(ctx, err, "create tenant "+tenant.ID.String())
	}
	return p.made, nil
}

func checkNew(n ports.NewTenant) error {
	switch {
	case n.ID.IsZero():
		return domain.Invalidf("tenantId", "name the new tenant")
	case n.Owner.IsZero() == (n.Claim == nil):
		return domain.Invalidf("owner", "a new tenant has either an owner or a claim")
	case n.Idempotency != nil && n.Idempotency.Identity.IsZero():
		return domain.Invalidf("idempotencyKey", "a key belongs to somebody")
	}
	return nil
}

// provisioning is the making of one tenant.
type provisioning struct {
	db         *DB
	in         installation
	new        ports.NewTenant
	request    string // to find out later whether this request made the tenant
	made       ports.CreatedTenant
	refused    error // OnProvision's
	committing bool  // all is done but the commit
}

// scope is our own: only migrations and OnProvision run on the tenant's path.
func (p *provisioning) scope() *scope {
	return newOwnScope(p.new.ID.String(), p.db.cfg.timeouts()...)
}

func (p *provisioning) run(ctx context.Context, tx *sqlx.Tx) error {
	replayed, err := p.replay(ctx, tx)
	if replayed || err != nil {
		return err
	}
	if err := p.register(ctx, tx); err != nil {
		return err
	}
	if err := p.furnish(ctx, tx); err != nil {
		return err
	}
	p.committing = true
	return nil
}

// replay takes the idempotency key, if there is one, together with the answer
// that it's going to have, or reports whether an earlier request has it. While
// that is at work, taking the key waits.
func (p *provisioning) replay(ctx context.Context, tx *sqlx.Tx) (bool, error) {
	key := p.new.Idempotency
	if key == nil {
		return false, nil
	}
	status, ttl := p.status(), p.claimTTL()
	inserted, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.idempotency AS old (digest, fingerprint, tenant, name, status, claim_expires_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 microsecond', now() + interval '24 hours')
		ON CONFLICT (digest) DO UPDATE
		SET fingerprint = excluded.fingerprint, tenant = excluded.tenant, name = excluded.name, status = excluded.status,
			created_at = excluded.created_at, claim_expires_at = excluded.claim_expires_at, expires_at = excluded.expires_at
		WHERE old.expires_at <= now()`,
		digest(key), key.Fingerprint[:], p.new.ID.String(), p.new.Name, string(status), ttl)
	if err != nil {
		return false, err
	}
	if n, err := inserted.RowsAffected(); n > 0 || err != nil {
		return false, err
	}
	var fingerprint []byte
	row := tx.QueryRowContext(ctx, `
		SELECT fingerprint, tenant, name, status, created_at, claim_expires_at
		FROM partywall.idempotency WHERE digest = $1`, digest(key))
	p.made.Tenant, err = scanTenant(row, &fingerprint)
	if err != nil {
		return false, err
	}
	if !bytes.Equal(fingerprint, key.Fingerprint[:]) {
		return false, &domain.Error{Kind: domain.Unprocessable, Code: domain.CodeIdempotencyMismatch, Message: "the Idempotency-Key was used before with another request"}
	}
	p.made.Replayed = true
	return true, nil
}

// digest is the idempotency record's name: no two requests share it by the way
// their parts are split.
func digest(key *ports.Idempotency) []byte {
	h := sha256.New()
	for _, part := range []string{key.Identity.Provider(), key.Identity.Subject(), key.Route, key.Key} {
		_ = binary.Write(h, binary.BigEndian, uint64(len(part))) // a hash doesn't fail
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// register takes the ID. One whose tenant has expired is freed first.
func (p *provisioning) register(ctx context.Context, tx *sqlx.Tx) error {
	for range 3 {
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
	return &domain.Error{Kind: domain.Conflict, Code: domain.CodeTenantExists, Field: "tenantId", Message: "the tenant ID is taken"}
}

// insert adds the tenant's row with its owner or its claim, or returns
// [sql.ErrNoRows] where there is a row already.
func (p *provisioning) insert(ctx context.Context, tx *sqlx.Tx) (err error) {
	const tenant = `
		WITH made AS (
			INSERT INTO partywall.tenants (id, name, status, request, gate, expires_at)
			VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 microsecond')
			ON CONFLICT (id) DO NOTHING
			RETURNING id, name, status, created_at, expires_at
		), `
	args := []any{p.new.ID.String(), p.new.Name, string(p.status()), p.request, gateOfAll, p.claimTTL()}
	if p.new.Claim == nil {
		p.made.Tenant, err = scanTenant(tx.QueryRowContext(ctx, tenant+`owner AS (
				INSERT INTO partywall.memberships (tenant, provider, subject, role) SELECT id, $7, $8, $9 FROM made
			)
			TABLE made`, append(args, p.new.Owner.Provider(), p.new.Owner.Subject(), string(domain.RoleOwner))...))
		return err
	}
	p.made.Tenant, err = scanTenant(tx.QueryRowContext(ctx, tenant+`claim AS (
			INSERT INTO partywall.invitations (tenant, expires_at, hash, role) SELECT id, expires_at, $7, $8 FROM made
		)
		TABLE made`, append(args, p.new.Claim.Hash[:], string(domain.RoleOwner))...))
	return err
}

// status and claimTTL, in microseconds, are what the new tenant starts with.
func (p *provisioning) status() domain.TenantStatus {
	if p.new.Claim == nil {
		return domain.Active
	}
	return domain.Unclaimed
}

func (p *provisioning) claimTTL() any {
	if p.new.Claim == nil {
		return nil
	}
	return p.new.Claim.TTL.Microseconds()
}

// furnish makes the schema and what belongs into it.
func (p *provisioning) furnish(ctx context.Context, tx *sqlx.Tx) error {
	if err := p.db.refuseWithoutHook(ctx, tx); err != nil {
		return err
	}
	if err := p.in.makeSchema(ctx, tx, p.new.ID); err != nil {
		return err
	}
	sets, err := withNewer(ctx, tx, p.db.sets.tenant)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := set.run(ctx, tx, p.new.ID.String(), set.migrations); err != nil {
			return err
		}
	}
	if p.db.cfg.OnProvision == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SET LOCAL search_path = "+pathOf(schemaOf(p.new.ID))); err != nil {
		return err
	}
	p.refused = p.db.cfg.OnProvision(ctx, tx, p.made.Tenant)
	return p.refused
}

// errLookedUp undoes what looking up did.
var errLookedUp = errors.New("looked up")

// lookUp finds out what became of a commit whose answer was lost or is an error
// that may have come after it, and returns nil if the tenant was made. Trying to
// take the ID once more waits until the server has done with that commit.
func (p *provisioning) lookUp(ctx context.Context) error {
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		made := false
		err := p.db.own.inScope(ctx, p.scope(), func(ctx context.Context, tx *sqlx.Tx) error {
			inserted, err := tx.ExecContext(ctx, `
				INSERT INTO partywall.tenants (id, name, status, request) VALUES ($1, '', 'suspended', '') ON CONFLICT (id) DO NOTHING`, p.new.ID.String())
			if err != nil {
				return err
			}
			if n, err := inserted.RowsAffected(); n > 0 || err != nil {
				return errors.Join(err, errLookedUp)
			}
			err = tx.GetContext(ctx, &made, `SELECT request = $2 FROM partywall.tenants WHERE id = $1`, p.new.ID.String(), p.request)
			return errors.Join(err, errLookedUp)
		})
		switch {
		case made:
			return nil
		case errors.Is(err, errLookedUp):
			return errNotCommitted()
		case pause > 2*time.Second:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func errNotCommitted() *domain.Error {
	return &domain.Error{Kind: domain.Unavailable, Code: domain.CodeDatabaseUnavailable, Message: "the database went away; nothing was made", RetryAfter: retryAfter}
}
