package installation

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// Admit lets the gate become the tenant's role. Without roles a gate may enter anyway.
func (in Installation) Admit(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, gate int) error {
	return in.asMaker(ctx, tx, id, `GRANT {role} TO {login}`+in.OnlyToBecome(), in.GateRole(gate))
}

// Dismiss takes from a gate's login what [Installation.Admit] has given it.
func (in Installation) Dismiss(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, login string) error {
	if err := in.asMaker(ctx, tx, id, `REVOKE {role} FROM {login}`, login); err != nil {
		return err
	}
	var still bool
	err := tx.GetContext(ctx, &still, `
		SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles g ON g.oid = m.member
			WHERE r.rolname = $1 AND g.rolname = $2)`, in.TenantRole(id), login)
	if err == nil && still {
		err = pg.Forbidden(nil, "another role has granted %q to %q: run as a superuser: %s", in.TenantRole(id), login,
			pg.Fill(`REVOKE {role} FROM {login} CASCADE`, map[string]string{"role": in.TenantRole(id), "login": login}))
	}
	return err
}

// asMaker runs a statement as the maker of the tenant's role, if there is such a role.
func (in Installation) asMaker(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, statement, login string) error {
	role := in.TenantRole(id)
	var exists bool
	if err := tx.GetContext(ctx, &exists, `SELECT $2 AND EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, role, in.Roles); err != nil || !exists {
		return err
	}
	maker, err := in.MakerOf(ctx, tx, role)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(`SET LOCAL ROLE {maker}; `+statement+`; SET LOCAL ROLE NONE`,
		map[string]string{"maker": maker, "role": role, "login": login}))
	return err
}
