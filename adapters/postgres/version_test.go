package postgres_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestServerVersion logs which server the other tests run on.
func TestServerVersion(t *testing.T) {
	cfg := pgtest.NewConfig(t)
	cfg.Database = "postgres"
	t.Log(pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT version()`))
}
