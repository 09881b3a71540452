package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// TestADroppedLoginIsServedAgainAfterSetup drops each login under the sessions of a
// program. The sessions outlive the login, and may do nothing, also once it is made anew.
func TestADroppedLoginIsServedAgainAfterSetup(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	acme := pgtest.MakeTenant(t, db, "acme")
	super := pgtest.Superuser(t, cfg)
	inst := pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`)
	use := map[string]func() error{
		"gate_0": func() error { _, err := db.Tenants().Probe(t.Context(), acme); return err },
		"system": func() error { _, err := db.Tenants().List(t.Context(), domain.TenantID{}, 10); return err },
	}
	for login, use := range use {
		if err := use(); err != nil {
			t.Fatal(err)
		}
		role := "pw_" + inst + "_" + login
		pgtest.Execute(t, super, `DROP OWNED BY `+role+`; DROP ROLE `+role)
		if err := use(); !errors.Is(err, domain.CodeDatabaseUnavailable) || !strings.Contains(err.Error(), "app.Setup") {
			t.Errorf("without the login %s: %v", login, err)
		}
		pgtest.SetUp(t, cfg)
		if err := use(); err != nil {
			t.Errorf("with the login %s made anew: %v", login, err)
		}
		pgtest.Note(t, db, acme, "served")
	}
}
