package embeddedpg_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/domain"
)

// startOnPort starts a server for a path that is too long for a socket.
func startOnPort(t *testing.T, folder string) *embeddedpg.Server {
	t.Helper()
	s, err := embeddedpg.StartOnPort(t.Context(), embeddedpg.Config{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	return s
}

func TestSocket(t *testing.T) {
	folder := dataDir(t)
	s := start(t, folder)
	t.Run("it is all that the server listens on", func(t *testing.T) {
		if got := ask(t, connect(t, s, "postgres", s.SuperuserPassword), "SELECT current_setting('listen_addresses') || '|' || current_setting('unix_socket_directories')"); got != `|"`+s.Host+`"` {
			t.Errorf("it listens at %s", got)
		}
		if _, err := os.Stat("/proc/net/tcp"); err != nil {
			return // only Linux lists which process listens
		}
		if listensOnTCP(t, postmaster(t, s.Dir)) {
			t.Error("it listens on a port")
		}
		if !listensOnTCP(t, postmaster(t, temporary(t).Dir)) {
			t.Error("a server that listens on TCP is not recognized")
		}
	})
	t.Run("only its account can reach it", func(t *testing.T) {
		for path, want := range map[string]os.FileMode{s.Host: os.ModeDir | 0o700, filepath.Join(s.Host, fmt.Sprintf(".s.PGSQL.%d", s.Port)): os.ModeSocket | 0o700} {
			info, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != want {
				t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
			}
		}
	})
	t.Run("it also demands a password", func(t *testing.T) {
		for _, user := range []string{s.User, "postgres"} {
			if err := connect(t, s, user, domain.NewSecret("wrong")).PingContext(t.Context()); err == nil {
				t.Errorf("%s is let in without", user)
			}
		}
	})
	t.Run("psql finds it by the file of passwords", func(t *testing.T) {
		psql, err := exec.LookPath("psql")
		if err != nil {
			return // a client's program, which the server doesn't need
		}
		cmd := exec.CommandContext(t.Context(), psql, "-h", s.Host, "-U", s.User, "-w", "-tAc", "SELECT 'in'", "postgres")
		cmd.Env = []string{"PGPASSFILE=" + filepath.Join(folder, "postgres.pgpass")}
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "in" {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestSocketsOfOddNames(t *testing.T) {
	if os.Geteuid() == 0 {
		return // the data of root's servers are stored in a folder whose name we choose
	}
	for _, name := range []string{`a b`, `a,b`, `a"b`, `a:b`, `a\b`, `ä$x`, `'`} {
		closeServer(t, start(t, filepath.Join(dataDir(t), name)))
	}
}

// TestAPathTooLongForASocket checks that the server listens on a port and keeps it.
func TestAPathTooLongForASocket(t *testing.T) {
	folder := dataDir(t)
	first := startOnPort(t, folder)
	if first.Host != "127.0.0.1" {
		t.Fatalf("it listens at %s", first.Host)
	}
	if _, err := login(t, first).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	closeServer(t, first)
	again := startOnPort(t, folder)
	if again.Port != first.Port || !has(t, again, "kept") {
		t.Errorf("port %d, before %d", again.Port, first.Port)
	}
	closeServer(t, again)
	occupy(t, first.Port)
	moved := startOnPort(t, folder)
	if moved.Port == first.Port || !has(t, moved, "kept") {
		t.Errorf("it's on port %d, which was taken", moved.Port)
	}
}

// TestFromPortToSocket upgrades a server that an earlier release created: it listens on
// a port, and its pg_hba.conf admits no login over a socket.
func TestFromPortToSocket(t *testing.T) {
	folder := dataDir(t)
	old := startOnPort(t, folder)
	write(t, filepath.Join(old.Dir, "pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n")
	if _, err := login(t, old).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	closeServer(t, old)
	old = startOnPort(t, folder)
	if text, err := os.ReadFile(filepath.Join(old.Dir, "pg_hba.conf")); err != nil || !strings.Contains(string(text), "local") {
		t.Errorf("pg_hba.conf is %q, %v", text, err)
	}

	guest := start(t, folder)
	if !guest.Found || guest.Host != old.Host || guest.Port != old.Port {
		t.Fatalf("found: %v, at %s, %d; it runs at %s, %d", guest.Found, guest.Host, guest.Port, old.Host, old.Port)
	}
	closeServer(t, old)
	db := login(t, guest)
	eventually(t, 30*time.Second, "the guest's server answers at the address that its callers use", func() bool { return db.PingContext(t.Context()) == nil })
	closeServer(t, guest)

	s := start(t, folder)
	if !filepath.IsAbs(s.Host) || !has(t, s, "kept") {
		t.Errorf("it listens at %s", s.Host)
	}
}

func TestWhatAKilledServerLeftInTheSocketFolder(t *testing.T) {
	folder := dataDir(t)
	s := start(t, folder)
	closeServer(t, s)
	if _, err := os.Stat(s.Host); err == nil {
		t.Error("an orderly end leaves the folder")
	}
	if err := os.Mkdir(s.Host, 0o700); err != nil {
		t.Fatal(err)
	}
	giveLike(t, s.Host, s.Dir)
	lock := fmt.Sprintf("%d\n%s\n1\n%d\n%s\n", os.Getpid(), s.Dir, s.Port, s.Host)
	for name, text := range map[string]string{".s.PGSQL.5432.lock": lock, ".s.PGSQL.5432": "no socket"} {
		write(t, filepath.Join(s.Host, name), text)
		giveLike(t, filepath.Join(s.Host, name), s.Dir)
	}
	closeServer(t, start(t, folder))
}

// listensOnTCP reports whether a process listens on a TCP port. It searches the
// lists of all sockets of the machine for those that the process has open.
func listensOnTCP(t *testing.T, pid int) bool {
	t.Helper()
	open := map[string]bool{}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil {
			open[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	for _, list := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(list)
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == "0A" && open[fields[9]] {
				return true
			}
		}
	}
	return false
}
