package setup

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// ownPassword sets Config.Password as that of Config.User where only PasswordOld
// gets in. Where the server keeps that to others, it is left to the operator.
func (s *setup) ownPassword(ctx context.Context) error {
	if s.login.Preferred.Load() == 0 {
		return nil
	}
	verifier, err := pg.ScramVerifierOf(s.cfg.Password, []byte(rand.Text())[:pg.SaltLen])
	if err != nil {
		return err
	}
	err = pg.InScope(ctx, s.pool, s.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `ALTER ROLE CURRENT_USER PASSWORD `+pq.QuoteLiteral(verifier))
		return err
	})
	switch {
	case pg.SQLState(err) == pqerror.InsufficientPrivilege:
		s.report(fmt.Sprintf("%s may not change its own password: set it to DB_PASSWORD as a superuser, then remove DB_PASSWORD_OLD", s.cfg.User))
	case err != nil:
		return err
	default:
		s.report("set the password of " + s.cfg.User + " to DB_PASSWORD")
	}
	return nil
}
