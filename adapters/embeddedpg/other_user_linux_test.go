package embeddedpg_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

// otherUser is the user ID of another user of the machine.
const otherUser = 12345

// onlyRoot reports whether the test can act as another user.
func onlyRoot() bool {
	return os.Geteuid() == 0
}

// TestWhatAnotherUserPrepared puts another user's files, folders and links where the
// server keeps its own.
func TestWhatAnotherUserPrepared(t *testing.T) {
	folder := dataDir(t)
	s := start(t, folder)
	closeServer(t, s)
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(t *testing.T, want string) {
		t.Helper()
		s, err := embeddedpg.Start(t.Context(), embeddedpg.Config{DataDir: folder})
		if err == nil {
			closeServer(t, s)
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want one line with %q, got: %v", want, err)
		}
	}
	for _, name := range []string{"postgres.pgpass", "postgres.lock", "postgres.log"} {
		path, target := filepath.Join(folder, name), filepath.Join(t.TempDir(), "target")
		t.Run("a link in place of "+name, func(t *testing.T) {
			before, err := os.ReadFile(path)
			must(err, os.Rename(path, target), os.Symlink(target, path))
			refused(t, name+" is a link")
			after, err := os.ReadFile(target)
			must(err, os.Rename(target, path))
			if string(after) != string(before) {
				t.Error("the target was changed")
			}
		})
		t.Run("another user's "+name, func(t *testing.T) {
			if !onlyRoot() {
				return
			}
			must(os.Chown(path, otherUser, otherUser))
			refused(t, name+" belongs to user ID 12345")
			must(os.Chown(path, 0, 0))
		})
	}
	if !onlyRoot() {
		return
	}
	t.Run("another user's folder for the socket", func(t *testing.T) {
		must(os.MkdirAll(s.Host, 0o700), os.Chown(s.Host, otherUser, otherUser))
		refused(t, filepath.Base(s.Host)+" belongs to user ID 12345")
	})
	t.Run("a link in place of the folder for the socket", func(t *testing.T) {
		must(os.Remove(s.Host), os.Symlink("/tmp", s.Host))
		refused(t, "/tmp belongs to user ID 0")
		must(os.Remove(s.Host))
	})
	t.Run("another user's data", func(t *testing.T) {
		info, err := os.Stat(s.Dir)
		must(err, os.Chown(s.Dir, otherUser, otherUser))
		refused(t, s.Dir+" belongs to user ID 12345")
		must(os.Chown(s.Dir, int(info.Sys().(*syscall.Stat_t).Uid), -1))
	})
	t.Run("another user's folder", func(t *testing.T) {
		must(os.Chown(folder, otherUser, otherUser))
		refused(t, folder+" belongs to user ID 12345")
		must(os.Chown(folder, 0, 0))
	})
	closeServer(t, start(t, folder))
}

// TestATemporaryFolderOfAnotherUser puts a link to a file of root's in the folder.
func TestATemporaryFolderOfAnotherUser(t *testing.T) {
	needServer(t)
	parent, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
	if err := os.Chmod(parent, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", parent)
	left := filepath.Join(parent, "partywall-postgres-x")
	if err := errors.Join(os.Mkdir(left, 0o755), os.Symlink(target, filepath.Join(left, "postgres.lock"))); err != nil {
		t.Fatal(err)
	}
	if onlyRoot() {
		if err := os.Chown(left, otherUser, otherUser); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left, long, long); err != nil {
		t.Fatal(err)
	}
	temporary(t)
	if _, err := os.Lstat(target); err == nil {
		t.Error("a file was created behind the link")
	}
	if _, err := os.Lstat(left); err != nil {
		t.Errorf("a file of another user was removed: %v", err)
	}
}

// TestAProcessThatIsOnlyCalledLikeOurs runs processes of another user under the titles
// of the postmaster and of one of its processes.
func TestAProcessThatIsOnlyCalledLikeOurs(t *testing.T) {
	if !onlyRoot() {
		return
	}
	folder := dataDir(t)
	dir := embeddedpg.DirOf(t, folder)
	var impostors []*exec.Cmd
	for _, title := range [][]string{
		{"postgres", "-c", "read forever", "-D", dir},
		{"postgres: " + embeddedpg.NameOf(t, folder) + ": checkpointer", "-c", "read forever"},
	} {
		shell := &exec.Cmd{Path: "/bin/sh", Args: title, Dir: "/", SysProcAttr: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}}
		in, err := shell.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := shell.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			in.Close()
			_ = shell.Process.Kill()
			_ = shell.Wait()
		})
		impostors = append(impostors, shell)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := embeddedpg.Start(ctx, embeddedpg.Config{DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	closeServer(t, s)
	for _, impostor := range impostors {
		if err := impostor.Process.Signal(syscall.Signal(0)); err != nil {
			t.Errorf("another user's process was ended: %v", err)
		}
	}
}
