package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, cfg postgres.Config, code error, says ...string) {
		t.Helper()
		db, err := postgres.Open(t.Context(), cfg)
		if err == nil {
			_ = db.Close()
		}
		pgtest.MustBe(t, err, code)
		pgtest.MustSay(t, err, says...)
	}
	t.Run("setup refuses a database that does not exist", func(t *testing.T) {
		refused(t, pgtest.NewConfig(t), postgres.CodeNotSetUp, "partywall setup")
	})
	t.Run("a database without a setup is refused", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.Database = "postgres"
		refused(t, cfg, postgres.CodeNotSetUp, "partywall setup")
	})
	t.Run("a wrong password is refused, and not shown", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.Password = domain.NewSecret("mistyped-password")
		refused(t, cfg, postgres.CodeLoginRefused, "DB_PASSWORD")
		pgtest.MustBe(t, postgres.Setup(t.Context(), cfg, func(string) {}), postgres.CodeLoginRefused)
		_, err := postgres.Open(t.Context(), cfg)
		if strings.Contains(err.Error(), "mistyped-password") {
			t.Errorf("the error shows the password: %v", err)
		}
	})
	t.Run("a changed gate secret needs a setup", func(t *testing.T) {
		_, cfg := pgtest.Open(t)
		cfg.GateSecret = domain.NewSecret("another")
		refused(t, cfg, postgres.CodeLoginRefused, "DB_GATE_SECRET", "partywall setup")
		pgtest.SetUp(t, cfg)
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("a migration that was changed afterwards is named", func(t *testing.T) {
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		pgtest.MakeTenant(t, db, "acme")
		cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": {Data: []byte(`CREATE TABLE notes (id int)`)}}
		refused(t, cfg, postgres.CodeMigrationChanged, "product/0001_notes.sql")
		pgtest.MustBe(t, postgres.Setup(t.Context(), cfg, func(string) {}), postgres.CodeMigrationChanged)
	})
	t.Run("other line ends aren't a change", func(t *testing.T) {
		_, cfg := pgtest.Open(t, func(cfg *postgres.Config) {
			cfg.SharedMigrations = fstest.MapFS{"0001_a.sql": {Data: []byte("SELECT 1;\nSELECT 2;\n")}}
		})
		cfg.SharedMigrations = fstest.MapFS{"0001_a.sql": {Data: []byte("SELECT 1;\r\nSELECT 2;\r\n")}}
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("a shared migration that is missing is named", func(t *testing.T) {
		_, cfg := pgtest.Open(t)
		cfg.SharedMigrations = fstest.MapFS{"0001_plans.sql": {Data: []byte(`SELECT 1`)}}
		refused(t, cfg, postgres.CodeBehind, "shared/0001_plans.sql", "app.Setup")
	})
	t.Run("a database that is ahead is served: a newer program runs beside this one", func(t *testing.T) {
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		pgtest.MakeTenant(t, db, "acme")
		cfg.TenantMigrations = nil
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("a server without TLS is refused where TLS is required", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.SSLMode = "verify-full"
		refused(t, cfg, postgres.CodeLoginRefused, "DB_SSLMODE=verify-full")
	})
	t.Run("an impossible configuration is refused on its field", func(t *testing.T) {
		for field, change := range map[string]func(*postgres.Config){
			"DB_USER":              func(c *postgres.Config) { c.User = "" },
			"DB_NAME":              func(c *postgres.Config) { c.Database = "" },
			"DB_PORT":              func(c *postgres.Config) { c.Port = 70000 },
			"DB_MAX_CONNS":         func(c *postgres.Config) { c.MaxConns = 2 },
			"DB_SSLMODE":           func(c *postgres.Config) { c.SSLMode = "maybe" },
			"TENANT_ROLES":         func(c *postgres.Config) { c.Roles = "perhaps" },
			"DB_STATEMENT_TIMEOUT": func(c *postgres.Config) { c.StatementTimeout = -1 },
			"DB_LOCK_TIMEOUT":      func(c *postgres.Config) { c.LockTimeout = time.Microsecond },
			"DB_IDLE_TIMEOUT":      func(c *postgres.Config) { c.IdleTimeout = -time.Second },
			"DB_ACQUIRE_TIMEOUT":   func(c *postgres.Config) { c.AcquireTimeout = -time.Second },
			"DB_SSLROOTCERT":       func(c *postgres.Config) { c.SSLRootCert = "/nowhere/ca.pem" },
		} {
			_, err := postgres.Open(t.Context(), pgtest.NewConfig(t, change))
			if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
				t.Errorf("%s: got %v", field, err)
			}
		}
	})
}
