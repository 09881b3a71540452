package doctor_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// TestTheAdviceAboutPreparedTransactions has a server that takes them, as none does by
// default. SQL inside a tenant leaves one behind.
func TestTheAdviceAboutPreparedTransactions(t *testing.T) {
	t.Parallel()
	server, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{Settings: []string{"max_prepared_transactions=2"}})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = server.Close() })
	cfg := postgres.Config{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Database: "prepared", SSLMode: "disable"}
	pgtest.WithNotes(&cfg)
	pgtest.SetUp(t, cfg)
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	pgtest.MakeTenant(t, db, "acme")
	fixOf(t, cfg, "database-prepared", doctor.Warning, "set max_prepared_transactions=0")

	err = db.InTenant(t.Context(), domain.Must(domain.ParseTenantID("acme")), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notes (text) VALUES ('left'); PREPARE TRANSACTION 'it''s left'`)
		return err
	})
	if domain.CodeOf(err) != postgres.CodeScopeEnded {
		t.Errorf("the scope ended with %v", err)
	}
	end := strings.TrimPrefix(fixOf(t, cfg, "database-prepared", doctor.Warning, "ROLLBACK PREPARED 'it''s left'"), "end it as a superuser, in this database: ")
	super := pgtest.Login(t, cfg, "postgres", server.SuperuserPassword)
	pgtest.Execute(t, super, end)
	fixOf(t, cfg, "database-prepared", doctor.Warning, "set max_prepared_transactions=0")
}
