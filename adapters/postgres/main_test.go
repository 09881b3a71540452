package postgres_test

import (
	"os"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/porttest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }

// tenancy is what the port tests run on.
func tenancy(t testing.TB, db *postgres.DB, cfg postgres.Config) porttest.Tenancy {
	t.Helper()
	return porttest.Tenancy{
		Tenants: db.Tenants(), Members: db.Members(), Lister: db.Members(), Changer: db.Members(), Emails: db.Members(), Reservations: db.Reservations(),
		Suspend: func(t *testing.T, id domain.TenantID) {
			t.Helper()
			pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), `UPDATE partywall.tenants SET status = 'suspended' WHERE id = $1`, id.String())
		},
		SetUpgrading: func(t *testing.T, id domain.TenantID, upgrading bool) {
			t.Helper()
			owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
			if upgrading {
				pgtest.Execute(t, owner, `UPDATE partywall.tenants SET version = 0 WHERE id = $1`, id.String())
				pgtest.Execute(t, owner, `DELETE FROM partywall.migrations WHERE tenant = $1 AND set = 'product'`, id.String())
				return
			}
			pgtest.Execute(t, owner, `INSERT INTO partywall.migrations (set, tenant, number, name, checksum) SELECT set, $1, number, name, checksum FROM partywall.tenant_files WHERE set = 'product'`, id.String())
		},
	}
}

// ownConn is a connection of the pool that provisions.
func ownConn(t testing.TB, db *postgres.DB) *sqlx.Conn {
	t.Helper()
	conn, err := db.OwnConn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
