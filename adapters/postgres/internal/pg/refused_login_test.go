package pg_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

// TestARefusedLoginSaysWhatToDo has a server refuse log-ins for each reason that it
// has, one after the other.
func TestARefusedLoginSaysWhatToDo(t *testing.T) {
	t.Parallel()
	mine, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = mine.Close() })
	super := pgtest.Login(t, postgres.Config{Host: mine.Host, Port: mine.Port, Database: "postgres"}, "postgres", mine.SuperuserPassword)
	pgtest.Execute(t, super, `CREATE ROLE owner LOGIN CREATEROLE CREATEDB PASSWORD 'the password'`)
	pgtest.Execute(t, super, `CREATE ROLE hashed LOGIN PASSWORD 'the password'; UPDATE pg_authid SET rolpassword = 'md5' || md5('the password' || 'hashed') WHERE rolname = 'hashed'`)
	cfg := postgres.Config{Host: mine.Host, Port: mine.Port, User: "owner", Password: domain.NewSecret("the password"), Database: "refused", SSLMode: "disable"}
	pgtest.SetUp(t, cfg)
	hba := filepath.Join(mine.Dir, "pg_hba.conf")
	lines := string(domain.Must(os.ReadFile(hba)))
	access := func(first string) func() {
		return func() {
			if err := os.WriteFile(hba, []byte("host all postgres all scram-sha-256\n"+first+"\n"+lines), 0o600); err != nil {
				t.Fatal(err)
			}
			before := pgtest.Query[time.Time](t, super, `SELECT pg_conf_load_time()`)
			for pgtest.Query[bool](t, super, `SELECT pg_reload_conf()`); !pgtest.Query[time.Time](t, super, `SELECT pg_conf_load_time()`).After(before); time.Sleep(10 * time.Millisecond) {
			}
		}
	}
	run := func(statement string) func() { return func() { pgtest.Execute(t, super, statement) } }
	gate := "pw_" + pgtest.Query[string](t, pgtest.Login(t, cfg, "owner", cfg.Password), `SELECT inst FROM partywall.installation`) + "_gate_0"
	for _, c := range []struct {
		name      string
		do, undo  func()
		change    func(*postgres.Config)
		want      error
		says      string
		saysNever string
	}{
		{name: "a wrong password", change: func(c *postgres.Config) { c.Password = domain.NewSecret("wrong") }, want: postgres.CodeLoginRefused, says: "DB_PASSWORD"},
		{name: "an unknown user", change: func(c *postgres.Config) { c.User = "stranger" }, want: postgres.CodeLoginRefused, says: "DB_USER"},
		{name: "a password that is stored as MD5", change: func(c *postgres.Config) { c.User = "hashed" }, want: postgres.CodeLoginRefused, says: "password_encryption"},
		{name: "a password that is asked for as MD5", do: access("host all hashed all md5"), undo: access(""), change: func(c *postgres.Config) { c.User = "hashed" }, want: postgres.CodeLoginRefused, says: "MD5"},
		{name: "no line in pg_hba.conf", do: access("host refused owner all reject\n"), undo: access(""), want: postgres.CodeLoginRefused, says: "pg_hba.conf", saysNever: "check DB_USER and DB_PASSWORD"},
		{name: "a line that wants TLS", do: access("hostssl all owner all scram-sha-256\nhostnossl all owner all reject"), undo: access(""), want: postgres.CodeLoginRefused, says: "DB_SSLMODE", saysNever: "check DB_USER and DB_PASSWORD"},
		{name: "a line that trusts", do: access("host all owner all trust"), undo: access(""), want: postgres.CodeLoginRefused, says: "scram-sha-256", saysNever: "check DB_USER and DB_PASSWORD"},
		{name: "a line that wants clear text", do: access("host all owner all password"), undo: access(""), want: postgres.CodeLoginRefused, says: "clear text"},
		{name: "a role that may not log in", do: run(`ALTER ROLE owner NOLOGIN`), undo: run(`ALTER ROLE owner LOGIN`), want: postgres.CodeLoginRefused, says: `ALTER ROLE "owner" LOGIN`},
		{name: "a missing right to connect", do: run(`REVOKE CONNECT ON DATABASE refused FROM PUBLIC; REVOKE CONNECT ON DATABASE refused FROM owner`), undo: run(`GRANT CONNECT ON DATABASE refused TO PUBLIC`), want: postgres.CodeLoginRefused, says: `GRANT CONNECT ON DATABASE "refused"`},
		{name: "a database that takes no connections", do: run(`ALTER DATABASE refused ALLOW_CONNECTIONS false`), undo: run(`ALTER DATABASE refused ALLOW_CONNECTIONS true`), want: postgres.CodeLoginRefused, says: "ALLOW_CONNECTIONS true"},
		{name: "a missing database", change: func(c *postgres.Config) { c.Database = "missing" }, want: postgres.CodeNotSetUp, says: "doesn't exist"},
		{name: "no connection left", do: run(`ALTER ROLE owner CONNECTION LIMIT 0`), undo: run(`ALTER ROLE owner CONNECTION LIMIT -1`), want: domain.CodeDatabaseUnavailable, says: "DB_MAX_CONNS", saysNever: "DB_PASSWORD"},
		{name: "a gate that may not log in", do: run(`ALTER ROLE ` + gate + ` NOLOGIN`), undo: run(`ALTER ROLE ` + gate + ` LOGIN`), want: postgres.CodeLoginRefused, says: gate},
		{name: "a gate that is not let in", do: access("host all " + gate + " all reject"), undo: access(""), want: postgres.CodeLoginRefused, says: "pg_hba.conf", saysNever: "DB_GATE_SECRET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := cfg
			if c.change != nil {
				c.change(&cfg)
			}
			if c.do != nil {
				c.do()
				defer c.undo()
			}
			err := why(t, cfg)
			pgtest.MustBe(t, err, c.want)
			if text := err.Error(); !strings.Contains(text, c.says) || c.saysNever != "" && strings.Contains(text, c.saysNever) {
				t.Errorf("it says: %v", err)
			}
			if e, ok := errors.AsType[*domain.Error](err); !ok || strings.Contains(e.Public().Message, c.says) {
				t.Errorf("a caller could read the operator's text: %v", err)
			}
		})
	}
}

// why is what stands in the way of opening, or of what an opened one waits for.
func why(t *testing.T, cfg postgres.Config) error {
	t.Helper()
	logged := make(reasons, 100)
	cfg.Logger = slog.New(logged)
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	select {
	case err := <-logged:
		return err
	default:
		t.Fatal("it was opened")
		return nil
	}
}

// reasons keeps the errors of log lines.
type reasons chan error

func (r reasons) Enabled(context.Context, slog.Level) bool { return true }
func (r reasons) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r reasons) WithGroup(string) slog.Handler            { return r }
func (r reasons) Handle(_ context.Context, line slog.Record) error {
	line.Attrs(func(attr slog.Attr) bool {
		if err, ok := attr.Value.Any().(error); ok {
			select {
			case r <- err:
			default:
			}
		}
		return true
	})
	return nil
}

// TestARefusedLoginBehindAPooler has PgBouncer refuse.
func TestARefusedLoginBehindAPooler(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	pgtest.SetUp(t, cfg)
	pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword})
	cfg.Host, cfg.Port = pooler.Host, pooler.Port
	for name, c := range map[string]struct {
		change func(*postgres.Config)
		says   string
	}{
		"a wrong password": {func(c *postgres.Config) { c.Password = domain.NewSecret("wrong") }, "DB_PASSWORD"},
		"an unknown user":  {func(c *postgres.Config) { c.User = "stranger" }, "DB_USER"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			c.change(&cfg)
			_, err := postgres.Open(t.Context(), cfg)
			pgtest.MustBe(t, err, postgres.CodeLoginRefused)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says: %v", err)
			}
			if err := postgres.Setup(context.Background(), cfg, func(string) {}); !errors.Is(err, postgres.CodeLoginRefused) {
				t.Errorf("setup says: %v", err)
			}
		})
	}
}
