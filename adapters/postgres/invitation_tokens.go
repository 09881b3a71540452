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

// offerColumns are what scanOffer reads of an invitation i to the tenant t, whose
// creator has the membership m or none.
const (
	offerColumns = invitationColumns + `, t.name, coalesce(m.email, '')`
	inviter      = `partywall.memberships m ON m.tenant = i.tenant AND m.provider = i.created_provider AND m.subject = i.created_subject`
)

func scanOffer(row pg.Scanner) (offer ports.InvitationOffer, err error) {
	var email string
	offer.Invitation, err = scanInvitationAnd(row, &offer.TenantName, &email)
	if err == nil && email != "" {
		offer.Inviter, _ = domain.ParseEmail(email) // zero: an earlier release accepted the address
	}
	return offer, err
}

// Issue implements [ports.InvitationTokens] with one statement.
func (s *Invitations) Issue(ctx context.Context, issue ports.TokenIssue) (ports.InvitationOffer, error) {
	return s.offer(ctx, domain.CodeInvitationNotFound, `
		WITH i AS (
			UPDATE partywall.tenant_invitations i SET token = $4
			FROM partywall.tenants t
			WHERE i.id = $1 AND i.tenant = $2 AND i.generation = $3 AND i.email IS NOT NULL AND `+isOpen+`
			AND t.id = i.tenant AND `+acceptsMembers+`
			RETURNING i.*
		)
		SELECT `+offerColumns+` FROM i JOIN partywall.tenants t ON t.id = i.tenant LEFT JOIN `+inviter,
		issue.ID.String(), issue.Tenant.String(), issue.Generation, issue.Token[:])
}

// Peek implements [ports.InvitationTokens].
func (s *Invitations) Peek(ctx context.Context, token domain.TokenHash) (ports.InvitationOffer, error) {
	return s.offer(ctx, domain.CodeInvitationInvalid, `
		SELECT `+offerColumns+` FROM partywall.tenant_invitations i JOIN partywall.tenants t ON t.id = i.tenant LEFT JOIN `+inviter+`
		WHERE i.token = $1 AND `+isOpen+` AND `+servesMembers, token[:])
}

// isOpen are the invitations i that can be accepted, as [domain.InvitationOpen].
const isOpen = `i.state = 'open' AND i.expires_at > now()`

func (s *Invitations) offer(ctx context.Context, absent domain.Code, statement string, args ...any) (ports.InvitationOffer, error) {
	logins, err := s.db.logins()
	if err != nil {
		return ports.InvitationOffer{}, pg.Translate(ctx, err, "find an invitation")
	}
	offer, err := pg.One(ctx, logins.System, scanOffer, statement, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return ports.InvitationOffer{}, domain.NewError(absent)
	}
	return offer, pg.Translate(ctx, err, "find an invitation")
}

// Accept implements [ports.InvitationTokens]. It looks for the tenant first, whose lock
// comes before that of the invitation.
func (s *Invitations) Accept(ctx context.Context, a ports.InvitationAcceptance) (accepted ports.AcceptedInvitation, err error) {
	logins, err := s.db.logins()
	if err != nil {
		return ports.AcceptedInvitation{}, pg.Translate(ctx, err, "accept an invitation")
	}
	tenant, err := pg.One(ctx, logins.System, scanTenantID, `SELECT i.tenant FROM partywall.tenant_invitations i WHERE i.token = $1`, a.Token[:])
	if err == nil {
		err = s.db.Members().inTenant(ctx, "accept an invitation", tenant, domain.UserActor(a.Identity), func(ctx context.Context, tx *sqlx.Tx) error {
			accepted, err = acceptIn(ctx, tx, tenant, a)
			return err
		})
	}
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, domain.CodeTenantNotFound):
		return ports.AcceptedInvitation{}, domain.NewError(domain.CodeInvitationInvalid)
	case err != nil:
		return ports.AcceptedInvitation{}, pg.Translate(ctx, err, "accept an invitation")
	}
	return accepted, nil
}

// acceptIn accepts the invitation in a transaction that has locked the tenant.
func acceptIn(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, a ports.InvitationAcceptance) (accepted ports.AcceptedInvitation, err error) {
	team, err := readTeam(ctx, tx, id, a.Identity, a.Identity)
	if err != nil {
		return ports.AcceptedInvitation{}, err
	}
	if accepted.Tenant, err = scanTenant(tx.QueryRowContext(ctx, `SELECT `+tenantColumns+` FROM partywall.tenants t WHERE t.id = $1`, id.String())); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	found, err := scanInvitation(tx.QueryRowContext(ctx, `
		SELECT `+invitationColumns+` FROM partywall.tenant_invitations i WHERE i.token = $1 AND i.tenant = $2`, a.Token[:], id.String()))
	if err != nil {
		return ports.AcceptedInvitation{}, err
	}
	if found.State != domain.InvitationOpen {
		accepted.Replayed = true
		accepted.Membership, err = found.AcceptAgain(team.of, a.Identity, team.now)
		return accepted, err
	}
	accepted.Membership, err = team.accept(ctx, tx, found, a)
	return accepted, err
}

// accept spends the token of an open invitation.
func (t team) accept(ctx context.Context, tx *sqlx.Tx, found domain.Invitation, a ports.InvitationAcceptance) (domain.Membership, error) {
	to, err := found.Accept(t.of, a.Identity, a.Email, t.now)
	if err != nil {
		return domain.Membership{}, err
	}
	event, err := domain.NewInvitationAcceptedEvent(ctx, found, t.of, to)
	if err != nil {
		return domain.Membership{}, err
	}
	switch {
	case t.of.IsZero():
		err = insertMembership(to).runAlone(ctx, tx)
	case !to.Equal(t.of):
		err = updateMembership(to).runAlone(ctx, tx)
	}
	if err != nil {
		return domain.Membership{}, err
	}
	return to, statement{`
		UPDATE partywall.tenant_invitations SET state = 'accepted', accepted_provider = $2, accepted_subject = $3 WHERE id = $1`,
		[]any{found.ID.String(), a.Identity.Provider(), a.Identity.Subject()}}.run(ctx, tx, event)
}
