package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestFolder(t *testing.T) {
	t.Run("no other user of the machine can read them", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data", "objects")
		objects, server := objectsIn(t, dir)
		putObject(t, objects, server.Client(), objectKey(t, "acme", "a.txt"), "hello")
		for path, entry := range walk(t, dir) {
			want := fs.FileMode(0o600)
			if entry.IsDir() {
				want = fs.ModeDir | 0o700
			}
			if info, err := entry.Info(); err != nil || info.Mode() != want {
				t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
			}
		}
	})
	t.Run("a folder that others could enter is closed", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		objectsIn(t, dir)
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("it has mode %v", info.Mode())
		}
	})
	t.Run("a folder that another user prepared is refused", func(t *testing.T) {
		if os.Geteuid() != 0 {
			return // only root can give a folder away
		}
		dir := t.TempDir()
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if _, err := disk.Open(dir, make([]byte, 32), &url.URL{}); err == nil || !strings.Contains(err.Error(), "user ID 12345") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a store that is opened again has them all", func(t *testing.T) {
		dir, key := t.TempDir(), objectKey(t, "acme", "a.txt")
		first, server := objectsIn(t, dir)
		putObject(t, first, server.Client(), key, "hello")
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		second, server := objectsIn(t, dir)
		if got := getObject(t, second, server.Client(), key); got != "hello" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("what a crash left of an upload is removed, what may be alive is not", func(t *testing.T) {
		dir := t.TempDir()
		objectsIn(t, dir)
		dead, alive := filepath.Join(dir, ".uploads", "dead"), filepath.Join(dir, ".uploads", "alive")
		for _, path := range []string{dead, alive} {
			writeFile(t, path, "half an up")
		}
		longAgo := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(dead, longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
		objectsIn(t, dir)
		if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the dead upload: %v", err)
		}
		if _, err := os.Stat(alive); err != nil {
			t.Errorf("the living upload: %v", err)
		}
	})
	t.Run("a finished upload, a refused one and a probe leave no file behind", func(t *testing.T) {
		dir, key := t.TempDir(), objectKey(t, "acme", "a.txt")
		objects, server := objectsIn(t, dir)
		putObject(t, objects, server.Client(), key, "hello")
		wrong := ports.Upload{SHA256: make([]byte, 32), TTL: time.Minute}
		if status := sendObject(t, objects, server.Client(), key, wrong, "hello"); status != http.StatusBadRequest {
			t.Errorf("got %d", status)
		}
		if err := objects.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(filepath.Join(dir, ".uploads")); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
	t.Run("a download that has begun stays the object that it was", func(t *testing.T) {
		objects, server := objectsIn(t, t.TempDir())
		key, long := objectKey(t, "acme", "a.txt"), strings.Repeat("old", 4<<20)
		putObject(t, objects, server.Client(), key, long)
		signed, err := objects.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Get(signed.URL.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		putObject(t, objects, server.Client(), key, "new")
		if got, err := io.ReadAll(resp.Body); err != nil || string(got) != long {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
	for name, damage := range map[string]func(t *testing.T, path string){
		"cut short":        func(t *testing.T, path string) { truncate(t, path, 7) },
		"emptied":          func(t *testing.T, path string) { truncate(t, path, 0) },
		"lengthened":       func(t *testing.T, path string) { appendFile(t, path, "x") },
		"written over":     func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("x", 200)) },
		"given more bytes": func(t *testing.T, path string) { writeFile(t, path, "more"+readFile(t, path)) },
	} {
		t.Run("a file that was "+name+" is not served", func(t *testing.T) {
			dir, key := t.TempDir(), objectKey(t, "acme", "a.txt")
			objects, server := objectsIn(t, dir)
			putObject(t, objects, server.Client(), key, "hello")
			damage(t, onlyObject(t, dir))
			if _, err := objects.Stat(t.Context(), key); !errors.Is(err, domain.Internal) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("a file in another object's place is not served", func(t *testing.T) {
		dir, key := t.TempDir(), objectKey(t, "acme", "a.txt")
		objects, server := objectsIn(t, dir)
		putObject(t, objects, server.Client(), key, "hello")
		other := filepath.Join(dir, "bcme")
		rename(t, filepath.Join(dir, "acme"), other)
		if _, err := objects.Stat(t.Context(), objectKey(t, "bcme", "a.txt")); !errors.Is(err, domain.Internal) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a link that leads out of the folder is not followed", func(t *testing.T) {
		dir, outside := t.TempDir(), t.TempDir()
		objects, server := objectsIn(t, dir)
		if err := os.Symlink(outside, filepath.Join(dir, "acme")); err != nil {
			t.Fatal(err)
		}
		if status := sendObject(t, objects, server.Client(), objectKey(t, "acme", "a.txt"), anyUpload, "hello"); status < 500 {
			t.Errorf("got %d", status)
		}
		if found, err := os.ReadDir(outside); err != nil || len(found) != 0 {
			t.Errorf("outside there is %v, %v", found, err)
		}
	})
	t.Run("a folder that cannot be created is an error", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		writeFile(t, file, "")
		if _, err := disk.Open(filepath.Join(file, "objects"), make([]byte, 32), &url.URL{}); !errors.Is(err, domain.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
}
