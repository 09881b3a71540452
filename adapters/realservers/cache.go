package realservers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// fetched returns the folder of that name in the cache, filled by fetch.
func fetched(ctx context.Context, name string, fetch func(ctx context.Context, dir string) error) (string, error) {
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, name)
	ctx, cancel := context.WithTimeout(ctx, fetchPatience())
	defer cancel()
	return dir, fetchOnce(ctx, dir, fetch)
}

// built is fetched for what takes longer to build than tests may take: a task runs it.
func built(ctx context.Context, name string, build func(ctx context.Context, dir string) error) (string, error) {
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, name)
	return dir, fetchOnce(ctx, dir, build)
}

// fetchPatience is how long a network that answers nothing, or a build on a busy
// machine, may take: two thirds of what the go command lets a package's tests take.
// What a build that was cut off has compiled, the next one doesn't compile again.
func fetchPatience() time.Duration {
	limit := 10 * time.Minute // the go command's default
	if timeout := flag.Lookup("test.timeout"); timeout != nil {
		if set, err := time.ParseDuration(timeout.Value.String()); err == nil && set > 0 {
			limit = set
		}
	}
	return limit * 2 / 3
}

// fetchOnce makes the folder dir unless it exists: fetch fills a new one, which
// is moved there when it's complete. Of several processes one fetches and the
// others wait.
func fetchOnce(ctx context.Context, dir string, fetch func(ctx context.Context, dir string) error) error {
	lock, err := ownfile.Lock(dir + ".lock")
	if err != nil {
		return err
	}
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return err
	}
	defer lock.Close()
	if _, err := os.Lstat(dir); err == nil {
		_, err = ownfile.Folder(dir) // what is in it will be run
		return err
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fetchAside(ctx, dir, fetch)
}

// cacheFolder makes the folder for what was fetched: the user's own, or for
// root the system's, since the users that root's servers run as can't enter root's home.
func cacheFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if os.Geteuid() == 0 {
		cache, err = "/var/cache", nil
	}
	if err != nil {
		return "", err
	}
	cache, err = ownfile.Folder(filepath.Join(cache, "partywall"))
	if err != nil {
		return "", err
	}
	return cache, os.Chmod(cache, 0o755) // whatever our umask
}

func fetchAside(ctx context.Context, dir string, fetch func(ctx context.Context, dir string) error) error {
	left, _ := filepath.Glob(dir + ".new-*")
	for _, dir := range left { // by who was killed
		os.RemoveAll(dir)
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) // no effect once it is renamed
	if err := fetch(ctx, staging); err != nil {
		return err
	}
	if err := openToAll(staging); err != nil {
		return err
	}
	return os.Rename(staging, dir)
}

// openToAll lets all users read and run what the owner may, whatever our umask.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm()
		readAndRun := mode & 0o500
		return os.Chmod(path, mode|readAndRun>>3|readAndRun>>6)
	})
}

// tool runs a program in dir, with more variables in its environment.
func tool(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// npmPackage returns the folder of a package from npm. Its scripts aren't run.
func npmPackage(ctx context.Context, name, version string, finish func(ctx context.Context, dir string) error) (string, error) {
	inside := filepath.Join("node_modules", filepath.FromSlash(name))
	dir, err := fetched(ctx, strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "-")+"-"+version, func(ctx context.Context, dir string) error {
		err := tool(ctx, dir, nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", dir, name+"@"+version)
		if err != nil {
			return err
		}
		return finish(ctx, filepath.Join(dir, inside))
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, inside), nil
}
