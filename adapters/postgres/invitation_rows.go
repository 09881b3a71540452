package postgres

import (
	"database/sql"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// invitationColumns are what scanInvitation reads of partywall.tenant_invitations i.
const invitationColumns = `i.id, i.tenant, i.role, i.email, i.created_kind, i.created_provider, i.created_subject, i.created_at, i.life, i.expires_at,
	i.generation, i.accepted_provider, i.accepted_subject, CASE WHEN i.state = 'open' AND i.expires_at <= now() THEN 'expired' ELSE i.state END`

// scanInvitation reads invitationColumns, and what follows them into after.
func scanInvitation(row pg.Scanner) (domain.Invitation, error) { return scanInvitationAnd(row) }

func scanInvitationAnd(row pg.Scanner, after ...any) (i domain.Invitation, err error) {
	var id, tenant string
	var email sql.NullString
	var life int64
	var created, accepted struct{ provider, subject string }
	if err := row.Scan(append([]any{
		&id, &tenant, &i.Role, &email, &i.CreatedBy.Kind, &created.provider, &created.subject, &i.CreatedAt, &life, &i.ExpiresAt,
		&i.Generation, &accepted.provider, &accepted.subject, &i.State,
	}, after...)...); err != nil {
		return domain.Invitation{}, err
	}
	i.CreatedAt, i.ExpiresAt, i.Life = i.CreatedAt.UTC(), i.ExpiresAt.UTC(), time.Duration(life)*time.Microsecond
	if i.ID, err = domain.ParseInvitationID(id); err != nil {
		return domain.Invitation{}, err
	}
	if i.Tenant, err = domain.ParseTenantID(tenant); err != nil {
		return domain.Invitation{}, err
	}
	if email.Valid {
		if i.Email, err = domain.ParseEmail(email.String); err != nil {
			return domain.Invitation{}, err
		}
	}
	if i.CreatedBy.Identity, err = storedIdentity(created.provider, created.subject); err != nil {
		return domain.Invitation{}, err
	}
	i.AcceptedBy, err = storedIdentity(accepted.provider, accepted.subject)
	return i, err
}

// insertInvitation stores the hash of the token for an invitation by link alone.
func insertInvitation(i domain.Invitation, token domain.TokenHash) statement {
	by := i.CreatedBy
	return statement{`
		INSERT INTO partywall.tenant_invitations (id, tenant, role, email, email_key, created_kind, created_provider, created_subject, life, expires_at, token)
		VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, $7, $8, $9, $10, $11)`, []any{
		i.ID.String(), i.Tenant.String(), string(i.Role), i.Email.String(), i.Email.Key(), string(by.Kind), by.Identity.Provider(), by.Identity.Subject(),
		i.Life.Microseconds(), i.ExpiresAt, tokenOf(i, token),
	}}
}

// importInvitation stores an invitation of any state without a token.
func importInvitation(i domain.Invitation) statement {
	state, by := i.State, i.CreatedBy
	if state == domain.InvitationExpired {
		state = domain.InvitationOpen
	}
	return statement{`
		INSERT INTO partywall.tenant_invitations (id, tenant, role, email, email_key, created_kind, created_provider, created_subject, created_at, life, expires_at,
			generation, state, accepted_provider, accepted_subject)
		VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, []any{
		i.ID.String(), i.Tenant.String(), string(i.Role), i.Email.String(), i.Email.Key(), string(by.Kind), by.Identity.Provider(), by.Identity.Subject(),
		i.CreatedAt, i.Life.Microseconds(), i.ExpiresAt, i.Generation, string(state), i.AcceptedBy.Provider(), i.AcceptedBy.Subject(),
	}}
}

// renewInvitation begins the generation of i.
func renewInvitation(i domain.Invitation, token domain.TokenHash) statement {
	return statement{`
		UPDATE partywall.tenant_invitations SET generation = $2, expires_at = $3, token = $4
		WHERE id = $1`, []any{i.ID.String(), i.Generation, i.ExpiresAt, tokenOf(i, token)}}
}

// tokenOf returns the token of an invitation by link. That of one by mail is made when
// the mail is sent.
func tokenOf(i domain.Invitation, token domain.TokenHash) any {
	if i.ByMail() {
		return nil
	}
	return token[:]
}

func revokeInvitation(i domain.Invitation) statement {
	return statement{`UPDATE partywall.tenant_invitations SET state = 'revoked' WHERE id = $1`, []any{i.ID.String()}}
}

func expireInvitation(i domain.Invitation) statement {
	return statement{`UPDATE partywall.tenant_invitations SET expires_at = least(expires_at, now()) WHERE id = $1`, []any{i.ID.String()}}
}

// invitationAnswer is the answer to the request that created an invitation, as the
// record of an idempotency key keeps it.
type invitationAnswer struct {
	ID              string           `json:"id"`
	Tenant          string           `json:"tenant"`
	Email           string           `json:"email,omitempty"`
	Role            domain.Role      `json:"role"`
	CreatedKind     domain.ActorKind `json:"createdKind"`
	CreatedProvider string           `json:"createdProvider,omitempty"`
	CreatedSubject  string           `json:"createdSubject,omitempty"`
	CreatedAt       time.Time        `json:"createdAt"`
	Life            time.Duration    `json:"life"`
	ExpiresAt       time.Time        `json:"expiresAt"`
}

func answerOf(i domain.Invitation) invitationAnswer {
	by := i.CreatedBy
	return invitationAnswer{
		i.ID.String(), i.Tenant.String(), i.Email.String(), i.Role, by.Kind, by.Identity.Provider(), by.Identity.Subject(),
		i.CreatedAt, i.Life, i.ExpiresAt,
	}
}

// invitation returns the invitation as it was created.
func (a invitationAnswer) invitation() (i domain.Invitation, err error) {
	i = domain.Invitation{
		Role: a.Role, CreatedAt: a.CreatedAt.UTC(), Life: a.Life, ExpiresAt: a.ExpiresAt.UTC(),
		CreatedBy: domain.Actor{Kind: a.CreatedKind}, State: domain.InvitationOpen, Generation: 1,
	}
	if i.ID, err = domain.ParseInvitationID(a.ID); err != nil {
		return domain.Invitation{}, err
	}
	if i.Tenant, err = domain.ParseTenantID(a.Tenant); err != nil {
		return domain.Invitation{}, err
	}
	if a.Email != "" {
		if i.Email, err = domain.ParseEmail(a.Email); err != nil {
			return domain.Invitation{}, err
		}
	}
	i.CreatedBy.Identity, err = storedIdentity(a.CreatedProvider, a.CreatedSubject)
	return i, err
}
