package pgtest

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Tenancy returns what the suites of porttest about tenants run on.
func Tenancy(t testing.TB, db *postgres.DB, cfg postgres.Config) porttest.Tenancy {
	t.Helper()
	return porttest.Tenancy{
		Tenants: db.Tenants(), Members: db.Members(), WithSettings: db.MembersWithSettings(), Lister: db.Members(), Changer: db.Members(), Emails: db.Members(), Reservations: db.Reservations(), Lifecycle: db.Lifecycle(), Directory: db.Directory(), Purges: db.Purges(), Invitations: db.Invitations(), Archives: db.Archives(), Workers: db.Workers(), Events: db.Events(),
		Suspend: func(t *testing.T, id domain.TenantID) {
			t.Helper()
			Execute(t, Login(t, cfg, cfg.User, cfg.Password), `UPDATE partywall.tenants SET status = 'suspended' WHERE id = $1`, id.String())
		},
		Enter: func(t *testing.T, id domain.TenantID, incarnation ports.Incarnation) error {
			t.Helper()
			return db.InIncarnation(t.Context(), id, incarnation, func(context.Context, *sqlx.Tx) error { return nil })
		},
		SetUpgrading: func(t *testing.T, id domain.TenantID, upgrading bool) {
			t.Helper()
			owner := Login(t, cfg, cfg.User, cfg.Password)
			if upgrading {
				Execute(t, owner, `UPDATE partywall.tenants SET version = 0 WHERE id = $1`, id.String())
				Execute(t, owner, `DELETE FROM partywall.migrations WHERE tenant = $1 AND set = 'product'`, id.String())
				return
			}
			Execute(t, owner, `INSERT INTO partywall.migrations (set, tenant, number, name, checksum) SELECT set, $1, number, name, checksum FROM partywall.tenant_files WHERE set = 'product'`, id.String())
		},
	}
}
