package embeddedpg_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

func TestOutage(t *testing.T) {
	var log bytes.Buffer // read after Close
	s, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: dataDir(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeServer(t, s) })
	db := login(t, s)
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE kept"); err != nil {
		t.Fatal(err)
	}

	t.Run("a killed server comes back on the same port with its data", func(t *testing.T) {
		busy := make(chan error, 1)
		go func() { // a session that does not notice that its server has died
			_, err := db.ExecContext(t.Context(), "SELECT count(*) FROM (SELECT generate_series(1, 100000000000)) AS endless")
			busy <- err
		}()
		eventually(t, time.Minute, "the session is busy", func() bool {
			return ask(t, db, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%endless' AND pid <> pg_backend_pid()") == "1"
		})
		before := postmaster(t, s.Dir)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, "it answers", func() bool { return db.PingContext(t.Context()) == nil })
		if err := <-busy; err == nil {
			t.Error("the session outlived its server")
		}
		if postmaster(t, s.Dir) == before {
			t.Error("it's the same process")
		}
		if !has(t, s, "kept") {
			t.Error("the database is lost")
		}
	})
	t.Run("Stop stops it until Restart", func(t *testing.T) {
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
		if listens(s) {
			t.Error("it listens")
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !has(t, s, "kept") {
			t.Error("the database is lost")
		}
	})
	t.Run("Restart of a running server starts another process", func(t *testing.T) {
		before := postmaster(t, s.Dir)
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if postmaster(t, s.Dir) == before {
			t.Error("it's the same process")
		}
	})
	t.Run("a terminal's Ctrl-C does not reach it", func(t *testing.T) {
		group, err := syscall.Getpgid(postmaster(t, s.Dir))
		if err != nil {
			t.Fatal(err)
		}
		if group == syscall.Getpgrp() {
			t.Error("it's in our process group")
		}
	})
	t.Run("Close ends an open session and leaves nothing behind", func(t *testing.T) {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		begin := time.Now()
		closeServer(t, s)
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		if _, err := os.Stat(filepath.Join(s.Dir, "postmaster.pid")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("postmaster.pid: %v", err)
		}
		if err := s.Kill(); err == nil {
			t.Error("a closed server can be killed")
		}
	})
	t.Run("the log contains every event and no secret", func(t *testing.T) {
		for _, event := range []string{"is ready", "died", "is ready again", "was stopped"} {
			if !strings.Contains(log.String(), event) {
				t.Errorf("%q is not in the log:\n%s", event, &log)
			}
		}
		if strings.Contains(log.String(), s.Password.Reveal()) {
			t.Error("the password is in the log")
		}
	})
}

func TestStalePostmasterPid(t *testing.T) {
	other := temporary(t)
	folder := dataDir(t)
	s := start(t, folder)
	note, err := os.ReadFile(filepath.Join(s.Dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, s)

	for name, pid := range map[string]int{
		"of a process that has ended":                     1<<22 - 1,
		"whose number another server of the user has now": postmaster(t, other.Dir),
	} {
		t.Run(name, func(t *testing.T) {
			_, rest, _ := strings.Cut(string(note), "\n")
			stale := filepath.Join(s.Dir, "postmaster.pid")
			write(t, stale, strconv.Itoa(pid)+"\n"+rest)
			giveLike(t, stale, s.Dir)
			closeServer(t, start(t, folder))
			if err := login(t, other).PingContext(t.Context()); err != nil {
				t.Errorf("the other server was harmed: %v", err)
			}
		})
	}
}

// giveLike gives path to the owner of the other path.
func giveLike(t *testing.T, path, other string) {
	t.Helper()
	info, err := os.Stat(other)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}
