package setup

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// explain converts a denial of the database into an error that names the grants which a
// superuser must make.
func (s *setup) explain(ctx context.Context, err error) error {
	if _, explained := errors.AsType[*domain.Error](err); explained || pg.SQLState(err) != pqerror.InsufficientPrivilege {
		return pg.Translate(ctx, err, "set up")
	}
	var lacks []inspection.Lack
	looked := pg.InScope(ctx, s.pool, s.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		in := s.in
		if in.Name == "" {
			if in, err = installation.Guess(ctx, tx); err != nil {
				return err
			}
		}
		lacks, err = inspection.FindLacks(ctx, tx, s.cfg, in)
		return err
	})
	if looked != nil || len(lacks) == 0 {
		return pg.Forbidden(err, "the user %q may not do all that setup needs: %s", s.cfg.User, pg.Complaint(err))
	}
	return pg.Forbidden(err, "%s: run as a superuser, connected to the database %q: %s", inspection.Reasons(lacks), s.cfg.Database, inspection.SuperuserLine(lacks))
}

// reportLater names what a later sweep needs.
func (s *setup) reportLater(ctx context.Context, tx *sqlx.Tx) error {
	lacks, err := inspection.LacksTenantRoles(ctx, tx, s.cfg, s.in)
	for _, l := range lacks {
		s.did("%s, so that those tenants can't be removed: run as a superuser: %s", l.What, l.Statement)
	}
	return err
}
