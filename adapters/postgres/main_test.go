package postgres_test

import (
	"os"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestServerVersion(t *testing.T) { pgtest.LogVersion(t) }

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
