package setup

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
)

// recordProduct records the program that runs setup, or refuses one that isn't the
// recorded product's.
func (s *setup) recordProduct(ctx context.Context, tx *sqlx.Tx) error {
	recorded, err := inspection.ReadProduct(ctx, tx)
	if err != nil {
		return err
	}
	if !s.cfg.Belongs(recorded) {
		return s.cfg.OtherProgram(recorded)
	}
	own := s.cfg.Product()
	if own == recorded {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE partywall.installation SET program = $1, on_provision = $2`, own.Program, own.Hook)
	return err
}
