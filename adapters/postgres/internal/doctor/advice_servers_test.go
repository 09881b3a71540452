package doctor_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
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

// fixOf returns the advice of a check that finds a mistake.
func fixOf(t *testing.T, cfg postgres.Config, check string, severity doctor.Severity, advice string) string {
	t.Helper()
	found := pgtest.RunChecks(t, cfg)[check]
	if found.Severity != severity || !strings.Contains(found.Fix, advice) {
		t.Fatalf("%s advises %q in no %s: %+v", check, advice, severity, found)
	}
	return found.Fix
}

// message returns what an error of setup says to the operator.
func message(t *testing.T, err error) string {
	t.Helper()
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Fatalf("not a refusal: %v", err)
	}
	return refusal.Message
}

// TestTheAdviceAboutTLS gets from an open connection to a verified one. The address
// 0.0.0.0 leads to this machine, but is none that only this machine can have.
func TestTheAdviceAboutTLS(t *testing.T) {
	t.Parallel()
	server, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	realservers.Need(t, err)
	t.Cleanup(func() { _ = server.Close() })
	cfg := postgres.Config{Host: "0.0.0.0", Port: server.Port, User: server.User, Password: server.Password, Database: "tls", SSLMode: "disable"}
	ours, theirs := pgtest.NewAuthority(t), pgtest.NewAuthority(t)
	pgtest.SetUp(t, cfg)

	fixOf(t, cfg, "database-tls", doctor.Error, "set DB_SSLMODE=verify-full")
	cfg.SSLMode = "verify-full"
	fixOf(t, cfg, "database", doctor.Error, "turn TLS on in the server (ssl = on, with a certificate)")
	pgtest.ServeTLS(t, server, ours.SignUntil(t, "0.0.0.0", time.Now().Add(24*time.Hour)))
	for _, authorities := range []string{"", theirs.File} {
		cfg.SSLRootCert = authorities
		fixOf(t, cfg, "database", doctor.Error, "set DB_SSLROOTCERT to the authority's certificates")
	}
	cfg.SSLRootCert = ours.File
	fixOf(t, cfg, "database-certificate", doctor.Warning, "renew the server's certificate")
	pgtest.ServeTLS(t, server, ours.SignUntil(t, "0.0.0.0", time.Now().Add(365*24*time.Hour)))
	pgtest.MustFind(t, cfg, "database-certificate", doctor.OK, "good until")

	for _, mode := range []string{"require", "verify-ca"} {
		cfg.SSLMode = mode
		if fix := fixOf(t, cfg, "database-tls", doctor.Warning, "set DB_SSLMODE=verify-full"); !strings.Contains(fix, "DB_SSLROOTCERT") {
			t.Errorf("%s: %s", mode, fix)
		}
	}
	cfg.SSLMode = "verify-full"
	pgtest.MustFind(t, cfg, "database-tls", doctor.OK, "verify-full")
}

// TestTheAdviceAboutAServerWithoutTLS connects over a socket, the other way out.
func TestTheAdviceAboutAServerWithoutTLS(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	address := cfg.Address()
	cfg.SSLMode = "verify-full"
	fixOf(t, cfg, "database", doctor.Error, "or let Partywall connect over a Unix socket")
	cfg.Host = pgtest.SocketTo(t, address)
	pgtest.MustFind(t, cfg, "database-tls", doctor.OK, "Unix socket")
}

// TestTheAdviceAboutAPooler edits the pooler's file and runs the command of the advice.
func TestTheAdviceAboutAPooler(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, pgtest.WithNotes)
	for mode, check := range map[string]string{"session": "database-pooler", "statement": "database-transactions"} {
		t.Run(mode, func(t *testing.T) {
			pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolMode: mode})
			behind := cfg
			behind.Host, behind.Port = pooler.Host, pooler.Port
			severity := map[string]doctor.Severity{"session": doctor.Warning, "statement": doctor.Error}[mode]
			fix := fixOf(t, behind, check, severity, "")
			advised := regexp.MustCompile(`^set (pool_mode = \w+) in (pgbouncer\.ini), then: psql -p 6432 (.+)$`).FindStringSubmatch(fix)
			if advised == nil || filepath.Base(pooler.Settings()) != advised[2] {
				t.Fatalf("nothing can be run of %q", fix)
			}
			replaceIn(t, pooler.Settings(), "pool_mode = "+mode, advised[1])
			psql := exec.CommandContext(t.Context(), filepath.Join(domain.Must(embeddedpg.FindBinaries()), "psql"), append([]string{"-p", strconv.Itoa(pooler.Port)}, strings.Fields(advised[3])...)...)
			psql.Env = append(os.Environ(), "PGHOST="+pooler.Host, "PGUSER=postgres", "PGPASSWORD="+pgtest.Server(t).SuperuserPassword.Reveal())
			if out, err := psql.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", psql, err, out)
			}
			pgtest.MustFind(t, behind, "database-pooler", doctor.OK, "pools transactions")
		})
	}
}

func replaceIn(t *testing.T, path, before, after string) {
	t.Helper()
	text := string(domain.Must(os.ReadFile(path)))
	if !strings.Contains(text, before) {
		t.Fatalf("%s has no %q", path, before)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheAdviceAboutWhatAPoolerKeeps removes what another program left behind.
func TestTheAdviceAboutWhatAPoolerKeeps(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, pgtest.WithNotes)
	upstream := realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolSize: 1}
	for statement, advice := range map[string]string{
		`SET search_path = public`:    "where that changes nothing, restart the pooler",
		`SELECT pg_advisory_lock(17)`: "let no other program log in as {gate}, restart the pooler, and give other programs a pool and a user of their own",
	} {
		t.Run(statement, func(t *testing.T) {
			pooler := realservers.PgBouncer(t, upstream)
			behind := cfg
			behind.Host, behind.Port = pooler.Host, pooler.Port
			gate := "pw_" + pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`) + "_gate_0"
			other := pgtest.Login(t, behind, gate, pg.DerivedPassword(cfg.Password, gate))
			pgtest.Execute(t, other, statement)
			_ = other.Close()
			fix := fixOf(t, behind, "database-session", doctor.Error, strings.ReplaceAll(advice, "{gate}", gate))
			if strings.Contains(fix, "app.Setup") {
				pgtest.SetUp(t, behind)
			}
			_ = pooler.Close()
			pooler = realservers.PgBouncer(t, upstream)
			behind.Host, behind.Port = pooler.Host, pooler.Port
			pgtest.MustFind(t, behind, "database-session", doctor.OK, "clean")
		})
	}
}

// TestTheAdviceAboutAnEncoding creates the database that the advice names.
func TestTheAdviceAboutAnEncoding(t *testing.T) {
	t.Parallel()
	cfg, other := pgtest.NewConfig(t), pgtest.NewConfig(t)
	maintenance := pgtest.Superuser(t, postgres.Config{Host: cfg.Host, Port: cfg.Port, Database: "postgres"})
	pgtest.Execute(t, maintenance, `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User+` ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
	const advice = "set DB_NAME to another database; to create it, run as a superuser: "
	fix := fixOf(t, cfg, "database-encoding", doctor.Error, advice)
	err := postgres.Setup(t.Context(), cfg, func(string) {})
	if err == nil || !strings.Contains(err.Error(), fix) {
		t.Errorf("setup gives another advice than the doctor: %v", err)
	}
	executeAll(t, maintenance, strings.ReplaceAll(strings.TrimPrefix(fix, advice), "other", other.Database))
	pgtest.SetUp(t, other)
	pgtest.MustFind(t, other, "database-encoding", doctor.OK, "UTF8")
}

// TestTheAdviceAboutADatabaseThatDoesNotExist has a DB_USER that may create none.
func TestTheAdviceAboutADatabaseThatDoesNotExist(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	maintenance := pgtest.Superuser(t, postgres.Config{Host: cfg.Host, Port: cfg.Port, Database: "postgres"})
	cfg.User = "owner_of_" + cfg.Database
	pgtest.Execute(t, maintenance, fmt.Sprintf(`CREATE ROLE %s LOGIN CREATEROLE PASSWORD '%s'`, cfg.User, cfg.Password.Reveal()))
	fixOf(t, cfg, "database", doctor.Error, "partywall setup")
	err := postgres.Setup(t.Context(), cfg, func(string) {})
	const advice = "may not create it: run as a superuser: "
	if err == nil || !strings.Contains(err.Error(), advice) {
		t.Fatalf("setup advises %q nowhere: %v", advice, err)
	}
	_, statements, _ := strings.Cut(message(t, err), advice)
	executeAll(t, maintenance, statements)
	pgtest.SetUp(t, cfg)
	pgtest.MustFind(t, cfg, "database-setup", doctor.OK, "")
}

// TestTheAdviceAboutConnections sets the number that the advice has.
func TestTheAdviceAboutConnections(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	for most, severity := range map[int]doctor.Severity{500: doctor.Error, 150: doctor.Warning} {
		cfg.MaxConns = most
		fix := fixOf(t, cfg, "database-connections", severity, "or raise max_connections")
		number := regexp.MustCompile(`^set DB_MAX_CONNS to (\d+) at most for each process`).FindStringSubmatch(fix)
		if number == nil {
			t.Fatalf("%q has no number", fix)
		}
		cfg.MaxConns = domain.Must(strconv.Atoi(number[1]))
		pgtest.MustFind(t, cfg, "database-connections", doctor.OK, "")
	}
}

// TestTheAdviceAboutWhatHasNoPlaceAmongTheExtensions moves each thing out of ext.
func TestTheAdviceAboutWhatHasNoPlaceAmongTheExtensions(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	pgtest.MakeTenant(t, db, "acme")
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	for _, thing := range []struct{ kind, made string }{
		{"TABLE ext.lost", "TABLE ext.lost (id serial PRIMARY KEY)"},
		{"VIEW ext.lost", "VIEW ext.lost AS SELECT 1 AS one"},
		{"FUNCTION ext.lost()", "FUNCTION ext.lost() RETURNS int LANGUAGE sql AS 'SELECT 1'"},
		{"TYPE ext.lost", "TYPE ext.lost AS ENUM ('a')"},
		{"SEQUENCE ext.lost", "SEQUENCE ext.lost"},
	} {
		for _, schema := range []string{"tenant_acme", "shared"} {
			pgtest.Execute(t, owner, "CREATE "+thing.made)
			fixOf(t, cfg, "extension-schema", doctor.Error, "move each to its tenant's schema or to shared with ALTER ... SET SCHEMA, or drop it")
			pgtest.Execute(t, owner, fmt.Sprintf("ALTER %s SET SCHEMA %s", thing.kind, schema))
			pgtest.MustHave(t, pgtest.RunChecks(t, cfg), "extension-schema", doctor.OK, "nothing else", "tenant-grants", "login-grants")
			pgtest.SetUp(t, cfg)
			pgtest.MustFind(t, cfg, "extension-schema", doctor.OK, "nothing else")
			moved := strings.Replace(thing.kind, "ext.", schema+".", 1)
			pgtest.Execute(t, owner, "DROP "+moved)
		}
	}
}

// TestTheAdviceAboutAnOldServer upgrades the server. TestMajorUpgrade does that to one
// that is old in earnest.
func TestTheAdviceAboutAnOldServer(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	number := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT current_setting('server_version_num')`)
	old := cfg
	old.Host, old.Port = rewriting(t, cfg, []byte(number), []byte("140011"))
	fixOf(t, old, "database-version", doctor.Error, "upgrade the server to PostgreSQL 15 or later")
	pgtest.MustFind(t, cfg, "database-version", doctor.OK, "PostgreSQL")
}
