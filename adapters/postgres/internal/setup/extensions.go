package setup

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
)

// reportExtensions says which extensions new tenants will miss.
func (s *setup) reportExtensions(ctx context.Context, tx *sqlx.Tx) error {
	var found []string
	if err := tx.SelectContext(ctx, &found, inspection.StrayExtensions); err != nil {
		return err
	}
	for _, name := range found {
		s.did("the extension %s lies in the schema public, where no tenant finds it: %s", name, inspection.MoveExtension(name))
	}
	return nil
}
