package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Grant implements [ports.MemberChanger].
func (m *Members) Grant(ctx context.Context, grant ports.MemberGrant) (granted ports.GrantedMembership, err error) {
	err = m.inTenant(ctx, "grant a membership", grant.Tenant, domain.OperatorActor(), func(ctx context.Context, tx *sqlx.Tx) error {
		var answer membershipAnswer
		answer, granted.Replayed, err = once(ctx, tx, grant.Idempotency, grant.Tenant, func() (membershipAnswer, error) {
			changed, err := grantMembership(ctx, tx, grant)
			return membershipAnswerOf(changed), err
		})
		if err == nil {
			granted.Membership, err = answer.membership()
		}
		return err
	})
	return granted, err
}

// grantMembership adds a member, or changes the membership of one.
func grantMembership(ctx context.Context, tx *sqlx.Tx, grant ports.MemberGrant) (domain.Membership, error) {
	operator := domain.OperatorActor()
	team, err := readTeam(ctx, tx, grant.Tenant, domain.Identity{}, grant.Member)
	if err != nil {
		return domain.Membership{}, err
	}
	if !team.of.IsZero() {
		return team.change(ctx, tx, operator, grant.Change().Apply(team.of), "")
	}
	granted := grant.Change().Apply(domain.Membership{Tenant: grant.Tenant, Identity: grant.Member, CreatedAt: team.now, GrantedBy: operator})
	event, _, err := domain.NewMemberEvent(ctx, operator, domain.Membership{}, granted, "")
	if err != nil {
		return domain.Membership{}, err
	}
	return granted, insertMembership(granted).run(ctx, tx, event)
}

// Change implements [ports.MemberChanger].
func (m *Members) Change(ctx context.Context, change ports.MemberChange) (changed domain.Membership, err error) {
	err = m.inTenant(ctx, "change a membership", change.Tenant, change.By, func(ctx context.Context, tx *sqlx.Tx) error {
		team, err := readTeam(ctx, tx, change.Tenant, change.By.Identity, change.Member)
		if err != nil {
			return err
		}
		changed, err = team.change(ctx, tx, change.By, change.Apply(team.of), "")
		return err
	})
	return changed, err
}

// Remove implements [ports.MemberChanger].
func (m *Members) Remove(ctx context.Context, removal ports.MemberRemoval) error {
	return m.inTenant(ctx, "remove a member", removal.Tenant, removal.By, func(ctx context.Context, tx *sqlx.Tx) error {
		team, err := readTeam(ctx, tx, removal.Tenant, removal.By.Identity, removal.Member)
		if err != nil {
			return err
		}
		_, err = team.change(ctx, tx, removal.By, domain.Membership{}, removal.Reason)
		return err
	})
}

// HandOver implements [ports.MemberChanger].
func (m *Members) HandOver(ctx context.Context, handover ports.Handover) (heir, own domain.Membership, err error) {
	err = m.inTenant(ctx, "hand a tenant over", handover.Tenant, domain.UserActor(handover.By), func(ctx context.Context, tx *sqlx.Tx) error {
		team, err := readTeam(ctx, tx, handover.Tenant, handover.By, handover.Heir)
		if err != nil {
			return err
		}
		heir, own, err = domain.HandOverTenant(team.by, team.of, handover.OwnRole, team.owners, team.now)
		if err != nil {
			return err
		}
		if heir.Equal(team.of) && own.Equal(team.by) {
			return nil
		}
		event, err := domain.NewHandoverEvent(ctx, team.of, team.by, own.Role)
		if err != nil {
			return err
		}
		if err := updateMembership(heir).runAlone(ctx, tx); err != nil {
			return err
		}
		return updateMembership(own).run(ctx, tx, event)
	})
	if err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	return heir, own, nil
}

// inTenant runs work in a transaction that has locked the tenant, so that the
// statements of work see what the change before this one left. A tenant that is closed
// to the actor is [domain.CodeTenantNotFound].
func (m *Members) inTenant(ctx context.Context, task string, id domain.TenantID, actor domain.Actor, work func(context.Context, *sqlx.Tx) error) error {
	logins, err := m.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, task)
	}
	err = logins.SystemFor(id).InScope(ctx, m.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		var locked string
		if err := tx.GetContext(ctx, &locked, `
			SELECT id FROM partywall.tenants t
			WHERE t.id = $1 AND (`+servesMembers+` OR $2 AND `+acceptsMembers+`) FOR NO KEY UPDATE`, id.String(), actor.IsOperator()); err != nil {
			return err
		}
		return work(ctx, tx)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return pg.ErrNoSuchTenant()
	}
	return pg.Translate(ctx, err, task+" in "+id.String())
}

// team is what a change of a membership depends on.
type team struct {
	by     domain.Membership // of the actor, if it admits
	of     domain.Membership // that changes
	owners int               // whose memberships keep the tenant's ownership
	now    time.Time
}

// readTeam reads the memberships of the actor by and of the member of, either of which
// may be none.
func readTeam(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, by, of domain.Identity) (t team, err error) {
	err = tx.QueryRowContext(ctx, `SELECT now(), count(*) FROM partywall.memberships m WHERE m.tenant = $1 AND `+keepsOwnership, id.String()).Scan(&t.now, &t.owners)
	if err != nil {
		return team{}, err
	}
	t.now = t.now.UTC()
	rows, err := tx.QueryContext(ctx, `
		SELECT `+membershipColumns+` FROM partywall.memberships m
		WHERE m.tenant = $1 AND (m.provider, m.subject) IN (($2, $3), ($4, $5))`,
		id.String(), by.Provider(), by.Subject(), of.Provider(), of.Subject())
	if err != nil {
		return team{}, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		m, err := scanMembership(rows)
		if err != nil {
			return team{}, err
		}
		if m.Identity == by && m.Admits(t.now) {
			t.by = m
		}
		if m.Identity == of {
			t.of = m
		}
	}
	return t, rows.Err()
}

// change turns the membership into to; the zero to ends it, for the reason.
func (t team) change(ctx context.Context, tx *sqlx.Tx, actor domain.Actor, to domain.Membership, reason string) (domain.Membership, error) {
	changed, err := domain.ChangeMembership(actor, t.by, t.of, to, t.owners)
	if err != nil {
		return domain.Membership{}, err
	}
	event, changes, err := domain.NewMemberEvent(ctx, actor, t.of, changed, reason)
	if err != nil || !changes {
		return changed, err
	}
	if changed.IsZero() {
		return changed, deleteMembership(t.of).run(ctx, tx, event)
	}
	return changed, updateMembership(changed).run(ctx, tx, event)
}
