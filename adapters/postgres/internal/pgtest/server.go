package pgtest

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
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
)

// Main runs the tests of a package, and stops what they share:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // most tests wait for a server
	}
	defer func() { _ = server.Close() }()
	if *OnCitus {
		defer func() { _ = cluster.Close() }()
	}
	return m.Run()
}

// server is the one that all tests of a package share, each on databases of its own.
var server = realservers.Shared[*embeddedpg.Server]{Start: func(ctx context.Context) (*embeddedpg.Server, error) {
	if *OnCitus {
		return cluster.Start(ctx)
	}
	return embeddedpg.StartTemporary(ctx, embeddedpg.Temporary{})
}}

// Server returns the PostgreSQL that all tests of the package share.
func Server(t testing.TB) *embeddedpg.Server {
	t.Helper()
	return server.Get(t)
}

// LogVersion logs which server the tests run on.
func LogVersion(t testing.TB) {
	t.Helper()
	t.Log(Query[string](t, keepSuperuser(Server(t), "postgres"), `SELECT version()`))
}

// BothServers returns the one that all tests share and, for true, a PostgreSQL 18 for
// this test.
func BothServers(t testing.TB) map[bool]*embeddedpg.Server {
	t.Helper()
	newest, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{BinDir: realservers.PostgreSQL18(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = newest.Close() })
	return map[bool]*embeddedpg.Server{false: Server(t), true: newest}
}

var databases atomic.Int64

// NewConfig returns the configuration of a database that does not exist yet. It is
// dropped after the test.
func NewConfig(t testing.TB, changes ...func(*postgres.Config)) postgres.Config {
	t.Helper()
	s := Server(t)
	cfg := postgres.Config{
		Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, SSLMode: "disable",
		Database: fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1)),
		// On a busy machine a log-in may take longer than the default.
		ConnectTimeout: 30 * time.Second, AcquireTimeout: 30 * time.Second,
	}
	name := cfg.Database
	if *OnCitus {
		cluster.prepare(t, name)
	}
	keepSuperuser(s, name)
	t.Cleanup(func() { drop(t, name) })
	for _, change := range changes {
		change(&cfg)
	}
	return cfg
}

// connect returns a pool of a login, by lib/pq alone.
func connect(cfg postgres.Config, user string, password domain.Secret) *sqlx.DB {
	c := domain.Must(pq.NewConnectorConfig(pq.Config{
		Host: cfg.Host, Port: uint16(cfg.Port), Database: cfg.Database, User: user, Password: password.Reveal(), SSLMode: pq.SSLModeDisable,
	}))
	return sqlx.NewDb(sql.OpenDB(c), "postgres")
}

// Login connects as a user, by lib/pq alone.
func Login(t testing.TB, cfg postgres.Config, user string, password domain.Secret) *sqlx.DB {
	t.Helper()
	db := connect(cfg, user, password)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// superusers holds the superuser's pools on the shared server, by the database: a
// connection for each statement would cost more than the statement.
var superusers sync.Map

func keepSuperuser(s *embeddedpg.Server, database string) *sqlx.DB {
	if db, kept := superusers.Load(database); kept {
		return db.(*sqlx.DB)
	}
	db, _ := superusers.LoadOrStore(database, connect(postgres.Config{Host: s.Host, Port: s.Port, Database: database}, "postgres", s.SuperuserPassword))
	return db.(*sqlx.DB)
}

// Superuser connects past all walls of the shared server.
func Superuser(t testing.TB, cfg postgres.Config) *sqlx.DB {
	t.Helper()
	s := Server(t)
	if db, kept := superusers.Load(cfg.Database); kept && cfg.Port == s.Port {
		return db.(*sqlx.DB)
	}
	return Login(t, cfg, "postgres", s.SuperuserPassword)
}

// Maintain runs a statement that is about databases.
func Maintain(t testing.TB, cfg postgres.Config, statement string) {
	t.Helper()
	cfg.Database = "postgres"
	Execute(t, Superuser(t, cfg), statement)
}

// drop removes a database of the shared server.
func drop(t testing.TB, database string) {
	t.Helper()
	if db, kept := superusers.LoadAndDelete(database); kept {
		_ = db.(*sqlx.DB).Close()
	}
	if _, err := keepSuperuser(Server(t), "postgres").ExecContext(context.Background(), `DROP DATABASE IF EXISTS `+database+` WITH (FORCE)`); err != nil {
		t.Error(err)
	}
}
