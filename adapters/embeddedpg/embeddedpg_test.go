package embeddedpg_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

// needServer ends a test on a machine that has no PostgreSQL.
func needServer(t *testing.T) {
	t.Helper()
	_, err := embeddedpg.FindBinaries()
	realservers.Need(t, err)
}

// dataDir returns a data folder that does not exist yet. The data of root's
// servers, which are stored elsewhere, are removed with it.
func dataDir(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "data-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return dataDirAt(t, filepath.Join(folder, "data"))
}

func dataDirAt(t *testing.T, folder string) string {
	t.Helper()
	needServer(t)
	t.Cleanup(func() {
		dir := embeddedpg.DirOf(t, folder)
		if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+".socket")); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// start starts a lasting server and closes it at the end of the test.
func start(t *testing.T, folder string) *embeddedpg.Server {
	t.Helper()
	s, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	return s
}

func temporary(t *testing.T) *embeddedpg.Server {
	t.Helper()
	needServer(t)
	s, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	return s
}

func closeServer(t *testing.T, s *embeddedpg.Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// connect logs in. The pool keeps no idle connection that an outage could break.
func connect(t *testing.T, s *embeddedpg.Server, user string, password domain.Secret) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnectorConfig(pq.Config{
		Host: s.Host, Port: uint16(s.Port), User: user, Password: password.Reveal(), Database: "postgres", SSLMode: pq.SSLModeDisable,
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(0)
	t.Cleanup(func() { db.Close() })
	return db
}

func login(t *testing.T, s *embeddedpg.Server) *sql.DB {
	t.Helper()
	return connect(t, s, s.User, s.Password)
}

// ask returns the one value that query selects.
func ask(t *testing.T, db *sql.DB, query string) (value string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// has reports whether the server has a database of that name.
func has(t *testing.T, s *embeddedpg.Server, database string) bool {
	t.Helper()
	return ask(t, login(t, s), "SELECT count(*) FROM pg_database WHERE datname = "+pq.QuoteLiteral(database)) == "1"
}

func listens(s *embeddedpg.Server) bool {
	network, address := "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	if strings.HasPrefix(s.Host, "/") {
		network, address = "unix", filepath.Join(s.Host, ".s.PGSQL."+strconv.Itoa(s.Port))
	}
	conn, err := net.DialTimeout(network, address, 10*time.Second)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// occupy listens on port until the end of the test.
func occupy(t *testing.T, port int) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
}

// postmaster returns the process ID of the server on the data in dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	note, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(note), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// write replaces the content of an existing file, or creates a new one.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until the condition holds, for at most limit.
func eventually(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("after %v it does not hold that %s", limit, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
