package doctor_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestAServerThatCannotBeReached(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := taken.Addr().(*net.TCPAddr).Port // it takes connections, and says nothing
	t.Cleanup(func() { taken.Close() })
	for name, c := range map[string]struct {
		cfg  postgres.Config
		says string
	}{
		"a host without an address": {postgres.Config{Host: "db.invalid", Port: 5432, SSLMode: "verify-full"}, "DB_HOST"},
		"a port that is closed":     {postgres.Config{Host: "127.0.0.1", Port: closedPort(t), SSLMode: "disable"}, "security group"},
		"a server that is silent":   {postgres.Config{Host: "127.0.0.1", Port: silent, SSLMode: "disable"}, "security group"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.cfg.User, c.cfg.Password, c.cfg.Database = "u", domain.NewSecret("a password"), "d"
			began := time.Now()
			pgtest.MustFind(t, c.cfg, "database", doctor.Error, c.says)
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			if got := pgtest.RunChecks(t, c.cfg)["database"]; !strings.Contains(got.Summary, "database-version, ") {
				t.Errorf("it doesn't say what it left out: %s", got.Summary)
			}
		})
	}
	t.Run("a wrong password", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.Password = domain.NewSecret("wrong")
		pgtest.MustFind(t, cfg, "database", doctor.Error, "DB_PASSWORD")
	})
}

func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestTLSChecks(t *testing.T) {
	t.Parallel()
	for mode, severity := range map[string]doctor.Severity{"disable": doctor.Error, "require": doctor.Warning, "verify-ca": doctor.Warning, "verify-full": doctor.OK} {
		t.Run(mode+" to another machine", func(t *testing.T) {
			cfg := postgres.Config{Host: "db.invalid", User: "u", Database: "d", SSLMode: mode}
			pgtest.MustFind(t, cfg, "database-tls", severity, "", "database")
		})
	}
	secure, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = secure.Close() })
	cfg := postgres.Config{Host: "127.0.0.1", Port: secure.Port, User: secure.User, Password: secure.Password, Database: "tls", SSLMode: "verify-full"}
	ours, theirs := pgtest.NewAuthority(t), pgtest.NewAuthority(t)
	pgtest.ServeTLS(t, secure, ours.Sign(t, "127.0.0.1"))
	cfg.SSLRootCert = ours.File
	pgtest.SetUp(t, cfg)
	t.Run("a certificate that expires soon", func(t *testing.T) {
		pgtest.MustFind(t, cfg, "database-certificate", doctor.Warning, "only")
	})
	t.Run("a certificate that has expired", func(t *testing.T) {
		pgtest.MustHave(t, pgtest.RunChecksAt(t, cfg, 2*time.Hour), "database-certificate", doctor.Error, "was good until", "database-clock")
	})
	t.Run("another authority's certificate", func(t *testing.T) {
		cfg.SSLRootCert = theirs.File
		pgtest.MustFind(t, cfg, "database", doctor.Error, "DB_SSLROOTCERT")
	})
	t.Run("a server without TLS", func(t *testing.T) {
		plain := pgtest.NewConfig(t)
		plain.SSLMode = "verify-full"
		pgtest.MustFind(t, plain, "database", doctor.Error, "ssl = on")
	})
}

func TestPoolerChecks(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	pgtest.MakeTenant(t, db, "acme")
	behind := func(t *testing.T, mode string) postgres.Config {
		pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolMode: mode, PoolSize: 4})
		behind := cfg
		behind.Host, behind.Port = pooler.Host, pooler.Port
		return behind
	}
	t.Run("none", func(t *testing.T) {
		pgtest.MustFind(t, cfg, "database-pooler", doctor.OK, "no pooler")
	})
	t.Run("a pooler of transactions", func(t *testing.T) {
		pgtest.MustFind(t, behind(t, "transaction"), "database-pooler", doctor.OK, "pools transactions")
	})
	t.Run("a pooler of sessions", func(t *testing.T) {
		pgtest.MustFind(t, behind(t, "session"), "database-pooler", doctor.Warning, "pool_mode = transaction")
	})
	t.Run("a pooler of statements", func(t *testing.T) {
		pgtest.MustFind(t, behind(t, "statement"), "database-transactions", doctor.Error, "pool_mode = transaction")
	})
	for name, c := range map[string]struct{ do, says string }{
		"a search path":    {`SET search_path = tenant_acme`, "search_path=tenant_acme"},
		"an advisory lock": {`SELECT pg_advisory_lock(1)`, "1 advisory lock"},
		"a channel":        {`LISTEN jobs`, "1 channels"},
	} {
		t.Run(name+" that another program left in the pooler", func(t *testing.T) {
			cfg := behind(t, "transaction")
			inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
			gate := "pw_" + inst + "_gate_0"
			pgtest.Execute(t, pgtest.Login(t, cfg, gate, pg.DerivedPassword(cfg.Password, gate)), c.do)
			pgtest.MustFind(t, cfg, "database-session", doctor.Error, c.says)
		})
	}
}

// TestAReplicaIsFound has a server that follows another, which isn't there.
func TestAReplicaIsFound(t *testing.T) {
	t.Parallel()
	replica, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = replica.Close() })
	cfg := postgres.Config{Host: replica.Host, Port: replica.Port, User: replica.User, Password: replica.Password, SSLMode: "disable", Database: "partywall"}
	pgtest.SetUp(t, cfg)
	pgtest.Execute(t, pgtest.Login(t, cfg, "postgres", replica.SuperuserPassword), `ALTER SYSTEM SET wal_level = replica`)
	if err := replica.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	signal := filepath.Join(replica.Dir, "standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := domain.Must(os.Stat(replica.Dir)).Sys().(*syscall.Stat_t)
	if err := os.Chown(signal, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	if err := replica.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	pgtest.MustFind(t, cfg, "database-writable", doctor.Error, "set DB_HOST to the primary")
	_, cfg = pgtest.Open(t)
	pgtest.MustFind(t, cfg, "database-writable", doctor.OK, "takes writes")
}

// TestAnOldServerIsFound rewrites what the server calls itself on the way.
func TestAnOldServerIsFound(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	number := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT current_setting('server_version_num')`)
	cfg.Host, cfg.Port = rewriting(t, cfg, []byte(number), []byte("140011"))
	if got := pgtest.RunChecks(t, cfg)["database-version"]; got.Severity != doctor.Error || !strings.Contains(got.Summary, "14.11") {
		t.Errorf("got %+v", got)
	}
}

// rewriting puts a server of another mind before the real one: in its answers it
// writes after for before, which are of one length.
func rewriting(t *testing.T, cfg postgres.Config, before, after []byte) (host string, port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	serve := func(client net.Conn) {
		defer client.Close()
		backend, err := net.Dial("tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
		if err != nil {
			return
		}
		defer backend.Close()
		go io.Copy(backend, client)
		for chunk := make([]byte, 64<<10); ; {
			n, err := backend.Read(chunk)
			if err != nil {
				return
			}
			if _, err := client.Write(bytes.ReplaceAll(chunk[:n], before, after)); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(client)
		}
	}()
	return "127.0.0.1", listener.Addr().(*net.TCPAddr).Port
}
