package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// server is the one that all tests of the package share, each on databases of its own.
var (
	server    *embeddedpg.Server
	serverErr error // why there is none
)

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // most tests wait for a server
	}
	server, serverErr = embeddedpg.StartTemporary(context.Background(), embeddedpg.Temporary{})
	if serverErr == nil {
		keepSuperuser("postgres")
	}
	code := m.Run()
	if serverErr == nil {
		_ = server.Close()
	}
	os.Exit(code)
}

var databases atomic.Int64

// config is of a database that isn't there yet. It's dropped after the test.
func config(t testing.TB, changes ...func(*postgres.Config)) postgres.Config {
	t.Helper()
	realservers.Need(t, serverErr)
	cfg := postgres.Config{
		Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, SSLMode: "disable",
		Database: fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1)),
	}
	name := cfg.Database
	keepSuperuser(name)
	t.Cleanup(func() { drop(t, name) })
	for _, change := range changes {
		change(&cfg)
	}
	return cfg
}

// open sets a fresh database up and opens it.
func open(t testing.TB, changes ...func(*postgres.Config)) (*postgres.DB, postgres.Config) {
	t.Helper()
	cfg := config(t, changes...)
	setUp(t, cfg)
	return reopen(t, cfg), cfg
}

func setUp(t testing.TB, cfg postgres.Config) (report string) {
	t.Helper()
	var lines []string
	if err := postgres.Setup(t.Context(), cfg, func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatalf("setup failed: %v", err)
	}
	return strings.Join(lines, "\n")
}

func reopen(t testing.TB, cfg postgres.Config) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("it can't be opened: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// rolesOff takes the second wall away.
func rolesOff(cfg *postgres.Config) { cfg.Roles = postgres.RolesOff }

// login connects as another user, by lib/pq alone.
func login(t testing.TB, cfg postgres.Config, user string, password domain.Secret) *sqlx.DB {
	t.Helper()
	db := pool(cfg.Host, cfg.Port, cfg.Database, user, password)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func pool(host string, port int, database, user string, password domain.Secret) *sqlx.DB {
	c := domain.Must(pq.NewConnectorConfig(pq.Config{Host: host, Port: uint16(port), Database: database, User: user, Password: password.Reveal(), SSLMode: pq.SSLModeDisable}))
	return sqlx.NewDb(sql.OpenDB(c), "postgres")
}

// superusers are the superuser's pools on the shared server, by the database: a
// connection for each statement would cost more than the statement.
var superusers sync.Map

func keepSuperuser(database string) {
	superusers.Store(database, pool(server.Host, server.Port, database, "postgres", server.SuperuserPassword))
}

// superuser connects past all walls of the shared server.
func superuser(t testing.TB, cfg postgres.Config) *sqlx.DB {
	t.Helper()
	if db, kept := superusers.Load(cfg.Database); kept && cfg.Port == server.Port {
		return db.(*sqlx.DB)
	}
	return login(t, cfg, "postgres", server.SuperuserPassword)
}

// drop removes a database of the shared server.
func drop(t testing.TB, database string) {
	t.Helper()
	if db, kept := superusers.LoadAndDelete(database); kept {
		_ = db.(*sqlx.DB).Close()
	}
	maintenance, _ := superusers.Load("postgres")
	if _, err := maintenance.(*sqlx.DB).ExecContext(context.Background(), `DROP DATABASE IF EXISTS `+database+` WITH (FORCE)`); err != nil {
		t.Error(err)
	}
}

// tenancy is what the port tests run on.
func tenancy(t testing.TB, db *postgres.DB, cfg postgres.Config) porttest.Tenancy {
	t.Helper()
	return porttest.Tenancy{
		Tenants: db.Tenants(), Members: db.Members(), Reservations: db.Reservations(),
		Suspend: func(t *testing.T, id domain.TenantID) {
			t.Helper()
			execute(t, login(t, cfg, cfg.User, cfg.Password), `UPDATE partywall.tenants SET status = 'suspended' WHERE id = $1`, id.String())
		},
		SetUpgrading: func(t *testing.T, id domain.TenantID, upgrading bool) {
			t.Helper()
			owner := login(t, cfg, cfg.User, cfg.Password)
			if upgrading {
				execute(t, owner, `UPDATE partywall.tenants SET version = 0 WHERE id = $1`, id.String())
				execute(t, owner, `DELETE FROM partywall.migrations WHERE tenant = $1 AND set = 'product'`, id.String())
				return
			}
			execute(t, owner, `INSERT INTO partywall.migrations (set, tenant, number, name, checksum) SELECT set, $1, number, name, checksum FROM partywall.tenant_files WHERE set = 'product'`, id.String())
		},
	}
}

func execute(t testing.TB, db *sqlx.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// query returns the one value of a query.
func query[T any](t testing.TB, db sqlx.QueryerContext, statement string, args ...any) (value T) {
	t.Helper()
	if err := db.QueryRowxContext(t.Context(), statement, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func tenantID(t testing.TB, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func identity(t testing.TB, subject string) domain.Identity {
	t.Helper()
	who, err := domain.NewIdentity("test", subject)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// makeTenant makes a tenant that has an owner.
func makeTenant(t testing.TB, db *postgres.DB, id string) domain.TenantID {
	t.Helper()
	made, err := db.Tenants().Create(t.Context(), owned(t, id))
	if err != nil {
		t.Fatalf("tenant %s can't be made: %v", id, err)
	}
	return made.Tenant.ID
}

func owned(t testing.TB, id string) ports.TenantCreation {
	t.Helper()
	return ports.TenantCreation{ID: tenantID(t, id), Name: id, Owner: identity(t, "owner-of-"+id)}
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

// reservation is one to be made, whose claim token is its ID.
func reservation(t testing.TB, id string) ports.ReservationRequest {
	t.Helper()
	return ports.ReservationRequest{ID: tenantID(t, id), Name: id, Token: domain.NewSecret(id).Hash(), TTL: time.Hour}
}

// reserve makes a reservation whose claim token is its ID.
func reserve(t testing.TB, db *postgres.DB, id string) ports.ReservationRequest {
	t.Helper()
	n := reservation(t, id)
	if _, err := db.Reservations().Reserve(t.Context(), n); err != nil {
		t.Fatalf("%s can't be reserved: %v", id, err)
	}
	return n
}

func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}
