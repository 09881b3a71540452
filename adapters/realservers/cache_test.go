package realservers

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestFetchOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "server-1.0")
	var fetches atomic.Int32
	fetch := func(_ context.Context, dir string) error {
		fetches.Add(1)
		return os.WriteFile(filepath.Join(dir, "program"), nil, 0o700)
	}

	t.Run("a fetch that failed leaves nothing and is tried again", func(t *testing.T) {
		broken := errors.New("no network")
		err := fetchOnce(t.Context(), dir, func(context.Context, string) error { return broken })
		if !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		if left, _ := filepath.Glob(dir + "*"); len(left) != 1 { // the lock
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("of many processes one fetches", func(t *testing.T) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := fetchOnce(t.Context(), dir, fetch); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := fetches.Load(); n != 1 {
			t.Errorf("fetched %d times", n)
		}
	})
	t.Run("all users may run what was fetched", func(t *testing.T) {
		for _, path := range []string{dir, filepath.Join(dir, "program")} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o755 {
				t.Errorf("%s has mode %o", path, mode)
			}
		}
	})
}

func TestWhatAnotherUserFetched(t *testing.T) {
	fetch := func(context.Context, string) error { return errors.New("it's fetched again") }
	t.Run("a link in place of the lock", func(t *testing.T) {
		dir, target := filepath.Join(t.TempDir(), "server-1.0"), filepath.Join(t.TempDir(), "target")
		if err := os.Symlink(target, dir+".lock"); err != nil {
			t.Fatal(err)
		}
		if err := fetchOnce(t.Context(), dir, fetch); err == nil || !strings.Contains(err.Error(), "is a link") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a folder of another user", func(t *testing.T) {
		if os.Geteuid() != 0 {
			return // only root can give a folder away
		}
		dir := filepath.Join(t.TempDir(), "server-1.0")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		if err := fetchOnce(t.Context(), dir, fetch); err == nil || !strings.Contains(err.Error(), "user ID 12345") {
			t.Errorf("%v", err)
		}
	})
}

func TestFetchingLeavesTimeForTheTests(t *testing.T) {
	flagged := flag.Lookup("test.timeout")
	before := flagged.Value.String()
	t.Cleanup(func() { _ = flagged.Value.Set(before) })
	for limit, want := range map[string]time.Duration{"30m": 20 * time.Minute, "9m": 6 * time.Minute, "0s": 400 * time.Second} {
		if err := flagged.Value.Set(limit); err != nil {
			t.Fatal(err)
		}
		if got := fetchPatience(); got != want {
			t.Errorf("with -timeout %s a fetch may take %s, not %s", limit, got, want)
		}
	}
}
