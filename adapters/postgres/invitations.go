package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Invitations has the invitations of all tenants. It implements
// [ports.InvitationStore] and [ports.InvitationTokens].
type Invitations struct{ db *DB }

var (
	_ ports.InvitationStore  = (*Invitations)(nil)
	_ ports.InvitationTokens = (*Invitations)(nil)
)

// Invitations returns the invitations of all tenants.
func (db *DB) Invitations() *Invitations { return &Invitations{db} }

// Create implements [ports.InvitationStore].
func (s *Invitations) Create(ctx context.Context, r ports.InvitationRequest) (created ports.CreatedInvitation, err error) {
	err = s.db.Members().inTenant(ctx, "invite a person", r.Tenant, r.By, func(ctx context.Context, tx *sqlx.Tx) error {
		team, err := readTeam(ctx, tx, r.Tenant, r.By.Identity, r.By.Identity)
		if err != nil {
			return err
		}
		if !r.By.IsOperator() {
			if err := domain.CheckInviting(team.by, r.Role); err != nil {
				return err
			}
		}
		var answer invitationAnswer
		answer, created.Replayed, err = once(ctx, tx, r.Idempotency, r.Tenant, func() (invitationAnswer, error) {
			made, err := team.invite(ctx, tx, r)
			return answerOf(made), err
		})
		if err != nil {
			return err
		}
		created.Invitation, err = answer.invitation()
		return err
	})
	if err != nil {
		return ports.CreatedInvitation{}, err
	}
	return created, nil
}

// invite keeps an invitation, and revokes the one that it replaces.
func (t team) invite(ctx context.Context, tx *sqlx.Tx, r ports.InvitationRequest) (domain.Invitation, error) {
	replaced, err := t.replace(ctx, tx, r)
	if err != nil {
		return domain.Invitation{}, err
	}
	if err := roomToInvite(ctx, tx, r.Tenant, r.Email); err != nil {
		return domain.Invitation{}, err
	}
	i := domain.Invitation{
		ID: r.ID, Tenant: r.Tenant, Email: r.Email, Role: r.Role, CreatedBy: r.By, CreatedAt: t.now,
		Life: r.Life, ExpiresAt: t.now.Add(r.Life), State: domain.InvitationOpen, Generation: 1,
	}
	event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationCreated, r.By, i, replaced)
	if err != nil {
		return domain.Invitation{}, err
	}
	return i, insertInvitation(i, r.Token).run(ctx, tx, event)
}

// replace revokes the invitation to the same address, and returns its ID.
func (t team) replace(ctx context.Context, tx *sqlx.Tx, r ports.InvitationRequest) (domain.InvitationID, error) {
	if r.Email.IsZero() {
		return domain.InvitationID{}, nil
	}
	before, err := scanInvitation(tx.QueryRowContext(ctx, `
		SELECT `+invitationColumns+` FROM partywall.tenant_invitations i
		WHERE i.tenant = $1 AND i.email_key = $2 AND i.state = 'open'`, r.Tenant.String(), r.Email.Key()))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return domain.InvitationID{}, nil
	case err != nil:
		return domain.InvitationID{}, err
	case before.State == domain.InvitationOpen && !r.By.IsOperator():
		if err := domain.CheckInvitation(t.by, before.Role); err != nil {
			return domain.InvitationID{}, err
		}
	}
	return before.ID, revokeInvitation(before).runAlone(ctx, tx)
}

// Resend implements [ports.InvitationStore].
func (s *Invitations) Resend(ctx context.Context, c ports.InvitationChange) (resent domain.Invitation, err error) {
	err = s.change(ctx, "resend an invitation", c, domain.CheckInviting, func(ctx context.Context, tx *sqlx.Tx, found domain.Invitation, t team) error {
		// It makes room for itself first.
		if err := expireInvitation(found).runAlone(ctx, tx); err != nil {
			return err
		}
		if err := roomToInvite(ctx, tx, found.Tenant, found.Email); err != nil {
			return err
		}
		resent = found
		resent.State, resent.Generation, resent.ExpiresAt = domain.InvitationOpen, found.Generation+1, t.now.Add(found.Life)
		event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationResent, c.By, resent, domain.InvitationID{})
		if err != nil {
			return err
		}
		return renewInvitation(resent, c.Token).run(ctx, tx, event)
	})
	if err != nil {
		return domain.Invitation{}, err
	}
	return resent, nil
}

// Revoke implements [ports.InvitationStore].
func (s *Invitations) Revoke(ctx context.Context, c ports.InvitationChange) error {
	return s.change(ctx, "revoke an invitation", c, domain.CheckInvitation, func(ctx context.Context, tx *sqlx.Tx, found domain.Invitation, _ team) error {
		event, err := domain.NewInvitationEvent(ctx, domain.EventInvitationRevoked, c.By, found, domain.InvitationID{})
		if err != nil {
			return err
		}
		return revokeInvitation(found).run(ctx, tx, event)
	})
}

// change runs work with an invitation that may be resent, if the actor may change it
// by the rule check.
func (s *Invitations) change(ctx context.Context, task string, c ports.InvitationChange, check func(domain.Membership, domain.Role) error, work func(context.Context, *sqlx.Tx, domain.Invitation, team) error) error {
	return s.db.Members().inTenant(ctx, task, c.Tenant, c.By, func(ctx context.Context, tx *sqlx.Tx) error {
		team, err := readTeam(ctx, tx, c.Tenant, c.By.Identity, c.By.Identity)
		if err != nil {
			return err
		}
		if !c.By.IsOperator() {
			if err := check(team.by, ""); err != nil {
				return err
			}
		}
		found, err := scanInvitation(tx.QueryRowContext(ctx, `
			SELECT `+invitationColumns+` FROM partywall.tenant_invitations i WHERE i.id = $1 AND i.tenant = $2`, c.ID.String(), c.Tenant.String()))
		if errors.Is(err, sql.ErrNoRows) || err == nil && !found.State.MayBeResent() {
			return domain.NewError(domain.CodeInvitationNotFound)
		}
		if err == nil && !c.By.IsOperator() {
			err = check(team.by, found.Role)
		}
		if err != nil {
			return err
		}
		return work(ctx, tx, found, team)
	})
}

// Find implements [ports.InvitationStore].
func (s *Invitations) Find(ctx context.Context, tenant domain.TenantID, id domain.InvitationID) (domain.Invitation, error) {
	logins, err := s.db.logins()
	if err != nil {
		return domain.Invitation{}, pg.Translate(ctx, err, "find an invitation")
	}
	found, err := pg.One(ctx, logins.SystemFor(tenant), scanInvitation, `
		SELECT `+invitationColumns+` FROM partywall.tenant_invitations i WHERE i.id = $1 AND i.tenant = $2`, id.String(), tenant.String())
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Invitation{}, domain.NewError(domain.CodeInvitationNotFound)
	}
	return found, pg.Translate(ctx, err, "find an invitation to "+tenant.String())
}

// listInvitations is planned for the values of each call, so that each state is read by
// an index.
const listInvitations = `
	SELECT ` + invitationColumns + ` FROM partywall.tenant_invitations i
	WHERE i.tenant = $1 AND i.state = CASE WHEN $2 = 'expired' THEN 'open' ELSE $2 END
	AND ($2 NOT IN ('open', 'expired') OR (i.expires_at > now()) = ($2 = 'open'))
	AND ($3 = '' OR i.id < $3)
	ORDER BY i.id DESC LIMIT $4`

// List implements [ports.InvitationStore]. Only an empty page takes a second statement,
// which looks for the tenant.
func (s *Invitations) List(ctx context.Context, q ports.InvitationQuery) ([]domain.Invitation, error) {
	logins, err := s.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list invitations")
	}
	var page []domain.Invitation
	err = logins.SystemFor(q.Tenant).Each(ctx, func(rows *sql.Rows) error {
		invitation, err := scanInvitation(rows)
		page = append(page, invitation)
		return err
	}, listInvitations, q.Tenant.String(), string(q.State), q.After.String(), max(q.Limit, 0))
	if err == nil && len(page) == 0 {
		err = mustHaveOwner(ctx, logins.SystemFor(q.Tenant), q.Tenant)
	}
	return page, pg.Translate(ctx, err, "list the invitations to "+q.Tenant.String())
}
