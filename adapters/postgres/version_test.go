package postgres_test

import "testing"

// TestServerVersion logs which server the other tests run on.
func TestServerVersion(t *testing.T) {
	cfg := config(t)
	cfg.Database = "postgres"
	t.Log(query[string](t, superuser(t, cfg), `SELECT version()`))
}
