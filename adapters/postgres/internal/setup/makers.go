package setup

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// ensureMakers makes the makers that are missing, and sees to it that Config.User may
// become each, which isn't so where another user made them.
func (s *setup) ensureMakers(ctx context.Context, tx *sqlx.Tx) error {
	if s.in.Citus {
		return nil // Config.User makes the roles itself
	}
	var makers []struct {
		Name   string
		Become bool
	}
	become := "MEMBER"
	if s.in.Version >= 160000 {
		become = "SET"
	}
	err := tx.SelectContext(ctx, &makers, `
		SELECT rolname AS name, pg_has_role(CURRENT_USER, oid, $2) AS become
		FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY 1`, s.in.MakerPrefix(), become)
	if err != nil {
		return err
	}
	for _, maker := range makers {
		if maker.Become {
			continue
		}
		if _, err := tx.ExecContext(ctx, pg.Fill(`GRANT {maker} TO CURRENT_USER`+s.in.SetOnly(), map[string]string{"maker": maker.Name})); err != nil {
			return err
		}
	}
	return s.makeMakers(ctx, tx, len(makers))
}

// makeMakers makes those that are missing for all the tenants' roles that exist.
func (s *setup) makeMakers(ctx context.Context, tx *sqlx.Tx, have int) error {
	var roles int
	if err := tx.GetContext(ctx, &roles, `SELECT count(*) FROM pg_roles WHERE starts_with(rolname, $1)`, s.in.TenantPrefix()); err != nil {
		return err
	}
	needed := 1
	if s.in.Version >= 160000 {
		needed = max(1, (roles+installation.RolesOfMaker-1)/installation.RolesOfMaker)
	}
	for n := have; n < needed; n++ {
		if err := s.in.MakeMaker(ctx, tx, n); err != nil {
			return err
		}
		s.did("made the role %s, which makes tenants' roles", s.in.MakerRole(n))
	}
	return nil
}
