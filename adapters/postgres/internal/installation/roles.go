package installation

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// GrantSchema is what a tenant's role may do with all that is made in its schema.
const GrantSchema = `
		GRANT USAGE ON SCHEMA {schema} TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON FUNCTIONS TO {role}`

// GrantAll is [GrantSchema] for what was made before.
const GrantAll = `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
		GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
		GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {schema} TO {role}`

// makeSchema makes a tenant's schema and, where there are roles, its role, which the
// gate may become. The role owns nothing and creates nothing, and later tables come with
// its grants.
func (in Installation) makeSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, gate int) error {
	names := map[string]string{"schema": pg.SchemaOf(id), "role": in.TenantRole(id), "gate": in.GateRole(gate)}
	statements := in.createSchema()
	if in.Roles {
		maker, err := in.makerOfNext(ctx, tx)
		if err != nil {
			return err
		}
		names["maker"] = maker
		statements = in.createRole() + `;` + statements + `;` + GrantSchema
	}
	_, err := tx.ExecContext(ctx, pg.Fill(statements, names))
	return err
}

// MakeRole makes the role of a tenant of the gate whose schema exists.
func (in Installation) MakeRole(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, gate int) error {
	maker, err := in.makerOfNext(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(in.createRole(), map[string]string{"maker": maker, "role": in.TenantRole(id), "gate": in.GateRole(gate)}))
	return err
}

func (in Installation) createRole() string {
	return `
		SET LOCAL ROLE {maker};
		CREATE ROLE {role} ` + in.loginOfTenants() + `;
		GRANT {role} TO {gate}` + in.OnlyToBecome() + `;
		SET LOCAL ROLE NONE`
}

// becomeTenant makes the transaction's user become the tenant's role, by way of
// the role's maker, which it returns.
func (in Installation) becomeTenant(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (maker string, err error) {
	if maker, err = in.MakerOf(ctx, tx, in.TenantRole(id)); err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(`
		SET LOCAL ROLE {maker};
		GRANT {role} TO {maker}`+in.OnlyToBecome()+`;
		SET LOCAL ROLE {role}`, map[string]string{"role": in.TenantRole(id), "maker": maker}))
	return maker, err
}

// OnlyToBecome are the options of a membership from PostgreSQL 16 on that lets
// its member SET ROLE and nothing else. Before 16, our members' own NOINHERIT has
// the same effect.
func (in Installation) OnlyToBecome() string {
	if in.Version < 160000 {
		return ""
	}
	return " WITH INHERIT FALSE, SET TRUE, ADMIN FALSE"
}

// OnlyToInherit are the options of a membership from PostgreSQL 16 on that gives
// its member the role's rights.
func (in Installation) OnlyToInherit() string {
	if in.Version < 160000 {
		return ""
	}
	return " WITH INHERIT TRUE, SET FALSE, ADMIN FALSE"
}
