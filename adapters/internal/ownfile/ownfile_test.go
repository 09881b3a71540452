package ownfile_test

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// stranger is the user ID of another user, who does not have to exist.
const stranger = 12345

// place creates files and folders in a folder of the test's and changes the owner of
// some.
type place struct {
	t   *testing.T
	dir string
}

func newPlace(t *testing.T) place {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return place{t, dir}
}

func (p place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

func (p place) folder(name string, mode fs.FileMode) string {
	p.t.Helper()
	p.must(os.Mkdir(p.path(name), 0o700))
	p.must(os.Chmod(p.path(name), mode))
	return p.path(name)
}

func (p place) file(name string, mode fs.FileMode) string {
	p.t.Helper()
	p.must(os.WriteFile(p.path(name), []byte("text"), 0o600))
	p.must(os.Chmod(p.path(name), mode))
	return p.path(name)
}

func (p place) link(name, target string) string {
	p.t.Helper()
	p.must(os.Symlink(target, p.path(name)))
	return p.path(name)
}

// give makes another user the owner of the file at path.
func (p place) give(path string) {
	p.t.Helper()
	p.must(os.Lchown(path, stranger, stranger))
}

// refused fails unless err is one line with each of the parts.
func refused(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Error("it is not refused")
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want one line with %q, got: %v", part, err)
		}
	}
}

// onlyRoot skips a test that changes owners, which only root can.
func onlyRoot() bool { return os.Geteuid() == 0 }

func TestResolve(t *testing.T) {
	p := newPlace(t)
	p.folder("real", 0o755)
	p.folder("real/sub", 0o755)
	p.link("absolute", p.path("real"))
	p.link("relative", "real")
	p.link("up", "real/sub/../sub")
	p.link("round", "round")
	p.file("file", 0o600)
	for given, want := range map[string]string{
		"real": "real", "real/sub": "real/sub", "absolute/sub": "real/sub", "relative/sub": "real/sub", "up": "real/sub",
		"new": "new", "relative/new/er": "real/new/er",
	} {
		if got, err := ownfile.Resolve(p.path(given)); err != nil || got != p.path(want) {
			t.Errorf("%s is %s, %v; want %s", given, got, err, want)
		}
	}
	t.Chdir(p.dir)
	if got, err := ownfile.Resolve("relative/./sub"); err != nil || got != p.path("real/sub") {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := ownfile.Resolve("round/x"); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a link to itself: %v", err)
	}
	if _, err := ownfile.Resolve("file/x"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
}

func TestFoldersAbove(t *testing.T) {
	for name, mode := range map[string]fs.FileMode{"closed": 0o700, "readable": 0o755, "sticky": 0o777 | fs.ModeSticky} {
		p := newPlace(t)
		p.folder("above", mode)
		if _, err := ownfile.Folder(p.path("above/data")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, mode := range []fs.FileMode{0o777, 0o702} {
		p := newPlace(t)
		p.folder("above", mode)
		p.folder("above/data", 0o700)
		_, err := ownfile.Folder(p.path("above/data"))
		refused(t, err, p.path("above")+" may be written", "chmod go-w")
		_, err = ownfile.Folder(p.path("above/data/deep/er"))
		refused(t, err, p.path("above")+" may be written")
	}
	if !onlyRoot() {
		return
	}
	t.Run("a group that another user is in may write", func(t *testing.T) {
		nobody, err := user.Lookup("nobody") // to whose own group this belongs
		if err != nil {
			t.Fatal(err)
		}
		gid, err := strconv.Atoi(nobody.Gid)
		p := newPlace(t)
		p.must(errors.Join(err, os.Chown(p.folder("above", 0o770), -1, gid)))
		for _, path := range []string{"above", "above/data"} {
			_, err = ownfile.Folder(p.path(path))
			refused(t, err, "may be written")
		}
	})
	t.Run("a group without users may write, as a container's volume has it", func(t *testing.T) {
		p := newPlace(t)
		p.must(os.Chown(p.folder("above", 0o775|fs.ModeSetgid), -1, stranger))
		for _, path := range []string{"above", "above/data"} {
			if _, err := ownfile.Folder(p.path(path)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("another user's", func(t *testing.T) {
		p := newPlace(t)
		p.give(p.folder("above", 0o755))
		p.folder("above/data", 0o700)
		_, err := ownfile.Folder(p.path("above/data"))
		refused(t, err, p.path("above"), "user ID 12345")
	})
	t.Run("another user's folder in a sticky one", func(t *testing.T) {
		p := newPlace(t)
		p.folder("above", 0o777|fs.ModeSticky)
		p.give(p.folder("above/data", 0o755))
		_, err := ownfile.Folder(p.path("above/data/keys"))
		refused(t, err, "user ID 12345")
	})
	t.Run("another user's link in a sticky one", func(t *testing.T) {
		p := newPlace(t)
		p.folder("above", 0o777|fs.ModeSticky)
		p.folder("real", 0o700)
		p.give(p.link("above/data", p.path("real")))
		for _, path := range []string{"above/data", "above/data/keys"} {
			_, err := ownfile.Folder(p.path(path))
			refused(t, err, p.path("above/data")+" is a link", "user ID 12345")
		}
	})
}

func TestFolder(t *testing.T) {
	p := newPlace(t)
	made, err := ownfile.Folder(p.path("a/b"))
	p.must(err)
	for _, path := range []string{p.path("a"), made} {
		info, err := os.Stat(path)
		p.must(err)
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
	}
	if _, err := ownfile.Folder(p.folder("readable", 0o755)); err != nil {
		t.Error(err)
	}
	_, err = ownfile.Folder(p.folder("writable", 0o777|fs.ModeSticky))
	refused(t, err, "may be written", "chmod go-w")
	_, err = ownfile.Folder(p.file("file", 0o600))
	refused(t, err, "is not a folder")
	if onlyRoot() {
		p.give(p.folder("given", 0o700))
		_, err = ownfile.Folder(p.path("given"))
		refused(t, err, "belongs to user ID 12345", "chown")
		_, err = ownfile.FolderOf(p.path("given"), stranger)
		p.must(err)
		_, err = ownfile.FolderOf(p.folder("ours", 0o700), stranger)
		refused(t, err, "belongs to user ID 0")
	} else {
		_, err = ownfile.Folder("/usr") // root's, as a volume
		p.must(err)
	}
}

func TestClosed(t *testing.T) {
	for _, mode := range []fs.FileMode{0o755, 0o777, 0o777 | fs.ModeSticky} {
		p := newPlace(t)
		dir, err := ownfile.Closed(p.folder("data", mode))
		p.must(err)
		info, err := os.Stat(dir)
		p.must(err)
		if info.Mode().Perm() != 0o700 {
			t.Errorf("mode %o became %o", mode, info.Mode().Perm())
		}
	}
}

func TestOpenAndCheck(t *testing.T) {
	p := newPlace(t)
	both := func(path string) error {
		err := ownfile.Check(path)
		file, openErr := ownfile.Open(path, os.O_RDWR|os.O_CREATE)
		if openErr == nil {
			file.Close()
		}
		if (err == nil) != (openErr == nil) {
			t.Errorf("Check says %v, Open %v", err, openErr)
		}
		return openErr
	}
	p.must(both(p.path("new")))
	if info, err := os.Stat(p.path("new")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	p.must(both(p.file("closed", 0o600)))
	p.must(both(p.file("executable", 0o700)))
	refused(t, both(p.file("readable", 0o644)), "chmod 600 "+p.path("readable"))
	refused(t, both(p.link("link", p.path("closed"))), "is a link")
	refused(t, both(p.link("dangling", p.path("nowhere"))), "is a link")
	if _, err := os.Lstat(p.path("nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file was made behind a link")
	}
	if onlyRoot() {
		p.give(p.file("given", 0o600))
		refused(t, both(p.path("given")), "belongs to user ID 12345")
	} else {
		refused(t, ownfile.Check("/etc/passwd"), "belongs to user ID 0")
	}
	t.Run("a pipe is refused at once", func(t *testing.T) {
		p.must(syscall.Mkfifo(p.path("pipe"), 0o600))
		done := make(chan error, 1)
		go func() {
			_, err := ownfile.Open(p.path("pipe"), os.O_RDONLY)
			done <- err
		}()
		select {
		case err := <-done:
			refused(t, err, "is not a regular file")
		case <-time.After(30 * time.Second):
			t.Error("it waits for a writer")
		}
	})
}

func TestLock(t *testing.T) {
	p := newPlace(t)
	lock, err := ownfile.Lock(p.path("lock"))
	p.must(err)
	defer lock.Close()
	if mine, err := lock.TryLock(); err != nil || !mine {
		t.Fatalf("%v, %v", mine, err)
	}
	again, err := ownfile.Lock(p.path("lock"))
	p.must(err)
	defer again.Close()
	if mine, err := again.TryLock(); err != nil || mine {
		t.Errorf("it was locked twice: %v", err)
	}
	_, err = ownfile.Lock(p.link("link", p.path("target")))
	refused(t, err, "is a link")

	late, err := ownfile.Lock(p.path("late"))
	p.must(err)
	p.link("late", p.path("target"))
	if mine, err := late.TryLock(); err == nil || mine {
		t.Error("a link that came later is followed")
	}
	if _, err := os.Lstat(p.path("target")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file was made behind a link")
	}
}
