package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// lookUp finds out what became of a commit whose answer was lost or is an error
// that may have come after it, and returns nil if the tenant was made. The ID's lock
// is free once the server has done with that commit.
func (p *provisioning) lookUp(ctx context.Context) error {
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		made := false
		err := p.db.own.InScope(ctx, p.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
			if err := lockOfID(p.new.ID).take(ctx, tx); err != nil {
				return err
			}
			return tx.GetContext(ctx, &made, `
				SELECT EXISTS (SELECT FROM partywall.tenants WHERE id = $1 AND request = $2)`, p.new.ID.String(), p.request)
		})
		switch {
		case err == nil && made:
			return nil
		case err == nil:
			return errNotCommitted()
		case pause > 2*time.Second:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func errNotCommitted() *domain.Error {
	return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("the connection to the database was lost; nothing was made; try again")
}
