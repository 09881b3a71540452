package inspection

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// reading is a transaction of the operator's that reads an installation.
type reading struct {
	cfg  pg.Config
	sets schema.Sets
	in   installation.Installation
	tx   *sqlx.Tx
}

// read runs fn on a connection of its own, in an installation that has the needed sets.
// Errors name what, the step that failed.
func read(ctx context.Context, cfg pg.Config, what string, needed func(schema.Sets) schema.Sets, fn func(context.Context, reading) error) error {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return err
	}
	sets, err := schema.LoadSets(cfg)
	if err != nil {
		return err
	}
	db := pg.ConnectOwn(cfg, 1)
	defer func() { _ = db.Close() }()
	in, err := Inspect(ctx, db, cfg, needed(sets))
	if err != nil {
		return err
	}
	err = pg.InScope(ctx, db, cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return fn(ctx, reading{cfg, sets, in, tx})
	})
	return pg.Translate(ctx, err, what)
}

// What an installation must have to be read.
func allSets(s schema.Sets) schema.Sets        { return s }
func systemsSetOnly(s schema.Sets) schema.Sets { return schema.Sets{System: s.System} }
