package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// claimPatience is how long a claim waits for its turn and, once its owner's account
// exists, for a connection to provision with.
const claimPatience = 10 * time.Second

// claimsPerConn is how many claims may be at work for each connection that
// provisions: an account is made only if its tenant's turn comes soon.
const claimsPerConn = 4

// Claim implements [ports.ReservationStore]. Inside a scope it is [CodeScopeNested].
func (r *Reservations) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if err := pg.NoScope(ctx); err != nil {
		return ports.ClaimedTenant{}, err
	}
	logins, err := r.db.logins()
	if err != nil {
		return ports.ClaimedTenant{}, pg.Translate(ctx, err, "claim a tenant")
	}
	claiming := claiming{db: r.db, logins: logins, Claim: c}
	claimed, err := claiming.run(ctx)
	switch {
	case claiming.refused != nil:
		return ports.ClaimedTenant{}, claiming.refused
	case errors.Is(err, sql.ErrNoRows):
		return ports.ClaimedTenant{}, domain.NewError(domain.CodeClaimInvalid)
	}
	return claimed, pg.Translate(ctx, err, "claim a tenant")
}

// claiming is one claim at work. What the token isn't good for is [sql.ErrNoRows].
type claiming struct {
	ports.Claim
	db      *DB
	logins  *installation.Logins
	found   domain.TenantID // that the token reserves; zero: a claim of an older release
	refused error           // Admit's, SignUp's or OnProvision's, which come back as they are
}

func (c *claiming) run(ctx context.Context) (ports.ClaimedTenant, error) {
	spend, err := c.find(ctx)
	if err != nil || spend == nil {
		return c.repeat(ctx, err)
	}
	if c.refused = c.admit(ctx); c.refused != nil {
		return ports.ClaimedTenant{}, c.refused
	}
	done, err := c.db.takeClaimTurn(ctx)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	defer done()
	if err := c.beforeSignUp(ctx); err != nil {
		return ports.ClaimedTenant{}, err
	}
	var claimed ports.ClaimedTenant
	err = c.db.counting(ctx, c.logins, c.Token[:], c.Limits.Unconfirmed, func() (made bool, err error) {
		claimed, err = c.forOwner(ctx, spend)
		return err == nil && !claimed.Replayed, err
	})
	return claimed, err
}

// admit asks whether the reserved ID may be given out.
func (c *claiming) admit(ctx context.Context) error {
	if c.Admit == nil || c.found.IsZero() {
		return nil
	}
	return c.Admit(ctx, c.found)
}

// beforeSignUp takes a turn at a connection that provisions, and looks whether this
// program may make tenants: an account is made only if its tenant can be.
func (c *claiming) beforeSignUp(ctx context.Context) error {
	if c.SignUp == nil {
		return nil
	}
	return c.db.own.UseWithin(ctx, claimPatience, func(db *sqlx.DB) error {
		return pg.InScope(ctx, db, c.db.cfg.OwnScope(), c.db.refuseWithoutHook)
	})
}

// spender makes the tenant that a token was found to be of.
type spender func(ctx context.Context, owner domain.Identity) (ports.ClaimedTenant, error)

// find returns what spends the token, and nil where it is unknown or spent.
func (c *claiming) find(ctx context.Context) (spender, error) {
	// A reservation that is about to expire is kept until its claim is through.
	id, err := pg.One(ctx, c.logins.System, scanTenantID, `
		UPDATE partywall.reservations r SET expires_at = greatest(r.expires_at, now() + $3 * interval '1 microsecond')
		WHERE r.token = $1 AND $2 IN ('', r.id) AND `+reserved+` RETURNING r.id`,
		c.Token[:], c.Tenant.String(), ports.SignUpPatience.Microseconds())
	if err == nil {
		c.found = id
		return func(ctx context.Context, owner domain.Identity) (ports.ClaimedTenant, error) {
			return c.provision(ctx, id, owner)
		}, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if open, err := c.isOldClaim(ctx); !open || err != nil {
		return nil, err
	}
	return c.spendOldClaim, nil
}

// forOwner spends the token for the owner, who signs up first if the claim says so.
// From then on the claim doesn't end with ctx.
func (c *claiming) forOwner(ctx context.Context, spend spender) (ports.ClaimedTenant, error) {
	if c.SignUp == nil {
		return spend(ctx, c.Owner)
	}
	owner, err := c.SignUp(ctx)
	if err != nil {
		c.refused = err
		return ports.ClaimedTenant{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimPatience)
	defer cancel()
	claimed, err := spend(ctx, owner)
	if errors.Is(err, sql.ErrNoRows) {
		return claimed, err
	}
	return claimed, pg.Translate(ctx, err, "claim a tenant for a new user")
}

// provision makes the reserved tenant.
func (c *claiming) provision(ctx context.Context, id domain.TenantID, owner domain.Identity) (ports.ClaimedTenant, error) {
	p := provisioning{
		db:       c.db,
		in:       c.logins.Installation,
		new:      ports.TenantCreation{ID: id, Owner: owner, OwnerEmail: c.Email, By: c.By, Limits: c.Limits},
		token:    c.Token[:],
		request:  rand.Text(),
		patience: claimPatience,
	}
	err := p.provision(ctx)
	c.refused = p.returned(ctx)
	return ports.ClaimedTenant{
		TenantMembership: ports.TenantMembership{Tenant: p.made.Tenant, Membership: p.owner},
		Replayed:         p.made.Replayed,
	}, err
}

// repeat returns the tenant to an owner who claimed it with the token before.
func (c *claiming) repeat(ctx context.Context, err error) (ports.ClaimedTenant, error) {
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	if c.SignUp != nil {
		return ports.ClaimedTenant{}, sql.ErrNoRows
	}
	again, err := pg.One(ctx, c.logins.System, scanTenantMembership, claimedBefore, c.Token[:], c.Owner.Provider(), c.Owner.Subject(), c.Tenant.String())
	return ports.ClaimedTenant{TenantMembership: again, Replayed: true}, err
}

// claimedBefore selects the tenant and the membership of an owner ($2, $3) who
// spent the token ($1) and is still a member.
const claimedBefore = `
	SELECT ` + membershipColumns + `, ` + tenantColumns + `
	FROM (
		SELECT tenant, provider, subject FROM partywall.claims WHERE token = $1
		UNION ALL
		SELECT tenant, redeemed_provider, redeemed_subject FROM partywall.invitations WHERE hash = $1
	) AS spent
	JOIN partywall.tenants t ON t.id = spent.tenant
	JOIN partywall.memberships m ON (m.tenant, m.provider, m.subject) = (spent.tenant, spent.provider, spent.subject)
	WHERE spent.provider = $2 AND spent.subject = $3 AND $4 IN ('', t.id)`

// repeatIn is repeat inside a transaction that finds the token spent.
func repeatIn(ctx context.Context, tx *sqlx.Tx, token []byte, owner domain.Identity, id domain.TenantID) (ports.TenantMembership, error) {
	return scanTenantMembership(tx.QueryRowContext(ctx, claimedBefore, token, owner.Provider(), owner.Subject(), id.String()))
}

// takeClaimTurn lets a claim begin. It returns what ends it.
func (db *DB) takeClaimTurn(ctx context.Context) (done func(), err error) {
	timer := time.NewTimer(claimPatience)
	defer timer.Stop()
	select {
	case db.claims <- struct{}{}:
		return func() { <-db.claims }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, domain.Errorf(domain.Unavailable, "too many tenants are being made; try again").WithRetryAfter(retryAfterOthers)
	}
}
