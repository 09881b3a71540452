package embeddedpg_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/domain"
)

func TestStart(t *testing.T) {
	folder := dataDir(t)
	first := start(t, folder)
	if _, err := login(t, first).ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}
	closeServer(t, first)

	t.Run("its files are closed to others", func(t *testing.T) {
		for path, want := range map[string]fs.FileMode{
			folder:                                        0o700,
			first.Dir:                                     0o700,
			filepath.Join(folder, "postgres.pgpass"):      0o600,
			filepath.Join(folder, "postgres.log"):         0o600,
			filepath.Join(folder, "postgres.lock"):        0o600,
			filepath.Join(first.Dir, "pg_hba.conf"):       0o600,
			filepath.Join(first.Dir, "postgresql.conf"):   0o600,
			filepath.Join(first.Dir, "global/pg_control"): 0o600,
		} {
			info, err := os.Stat(path)
			if err != nil {
				t.Error(err)
			} else if got := info.Mode().Perm(); got != want {
				t.Errorf("%s has mode %o, want %o", path, got, want)
			}
		}
	})
	t.Run("a second start finds its data, at the same place, at once", func(t *testing.T) {
		begin := time.Now()
		again := start(t, folder)
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if again.Host != first.Host || again.Port != first.Port || again.Found {
			t.Errorf("at %s, %d, before %s, %d; found running: %v", again.Host, again.Port, first.Host, first.Port, again.Found)
		}
		if !has(t, again, "kept") {
			t.Error("the database is lost")
		}
		closeServer(t, again)
	})
	t.Run("its login is no superuser and may make roles and databases", func(t *testing.T) {
		db := login(t, start(t, folder))
		if got := ask(t, db, "SELECT concat_ws(' ', rolcreaterole, rolcreatedb, rolsuper) FROM pg_roles WHERE rolname = current_user"); got != "t t f" {
			t.Errorf("createrole createdb super: %s", got)
		}
		if got := ask(t, db, "SHOW fsync"); got != "on" {
			t.Errorf("fsync is %s", got)
		}
	})
	t.Run("a lost file of passwords is created again", func(t *testing.T) {
		if err := os.Remove(filepath.Join(folder, "postgres.pgpass")); err != nil {
			t.Fatal(err)
		}
		s := start(t, folder)
		if s.Password == first.Password || !has(t, s, "kept") {
			t.Error("the password did not change")
		}
	})
}

func TestPasswords(t *testing.T) {
	s := temporary(t)
	for _, wrong := range []string{"", "partywall", s.SuperuserPassword.Reveal()} {
		if err := connect(t, s, s.User, domain.NewSecret(wrong)).PingContext(t.Context()); err == nil {
			t.Errorf("the server takes the password %q", wrong)
		}
	}
	if err := connect(t, s, "postgres", s.SuperuserPassword).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	if stored := ask(t, connect(t, s, "postgres", s.SuperuserPassword), "SELECT string_agg(left(rolpassword, 14), ' ') FROM pg_authid WHERE rolcanlogin"); stored != "SCRAM-SHA-256$ SCRAM-SHA-256$" {
		t.Errorf("passwords are stored as %q", stored)
	}
}

func TestOneServerForAll(t *testing.T) {
	folder := dataDir(t)
	t.Run("of racing starts one starts the server and the others find it", func(t *testing.T) {
		var servers [6]*embeddedpg.Server
		var all sync.WaitGroup
		for i := range servers {
			all.Go(func() {
				s, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: folder})
				if err != nil {
					t.Error(err)
					return
				}
				servers[i] = s
				t.Cleanup(func() { closeServer(t, s) })
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		started := 0
		for _, s := range servers {
			if !s.Found {
				started++
			}
			if s.Host != servers[0].Host || s.Port != servers[0].Port || s.Password != servers[0].Password {
				t.Errorf("one server is at %s, %d, another at %s, %d", s.Host, s.Port, servers[0].Host, servers[0].Port)
			}
		}
		if started != 1 {
			t.Errorf("%d servers were started", started)
		}
	})
	t.Run("a process that found it leaves it running", func(t *testing.T) {
		owner, guest := start(t, folder), start(t, folder)
		if err := guest.Kill(); err == nil {
			t.Error("a guest may kill it")
		}
		closeServer(t, guest)
		if err := login(t, owner).PingContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a process that found it takes over at the same address when the owner ends", func(t *testing.T) {
		owner, guest := start(t, folder), start(t, folder)
		closeServer(t, owner)
		db := login(t, guest)
		eventually(t, time.Minute, "the guest's server answers", func() bool { return db.PingContext(t.Context()) == nil })
		closeServer(t, guest)
		if listens(guest) {
			t.Error("the guest left its server running")
		}
	})
}

func TestStartIsCancelled(t *testing.T) {
	folder := dataDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := embeddedpg.Start(ctx, embeddedpg.Config{DataDir: folder}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	start(t, folder)
}

func TestWhatStopsAStart(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	folder := dataDir(t)
	s := start(t, folder)
	closeServer(t, s)

	for _, c := range []struct{ name, folder, file, text, want string }{
		{"a folder that cannot be created", filepath.Join(blocked, "data"), blocked, "", "not a directory"},
		{"a file of passwords without passwords", folder, filepath.Join(folder, "postgres.pgpass"), "", "remove the file"},
		{"a broken configuration", folder, filepath.Join(s.Dir, "postgresql.conf"), "max_connections = many\n", "FATAL: configuration file"},
		{"data of another major version", folder, filepath.Join(s.Dir, "PG_VERSION"), "14\n", "apt-get install postgresql-14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _ := os.ReadFile(c.file)
			write(t, c.file, c.text)
			defer write(t, c.file, string(before))
			_, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: c.folder})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("want one line with %q, got: %v", c.want, err)
			}
		})
	}
}
