package embeddedpg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// Temporary configures a server without durability. The zero value is valid.
type Temporary struct {
	BinDir   string       // folder of initdb and postgres; empty: FindBinaries
	Settings []string     // name=value, such as shared_preload_libraries=citus
	Logger   *slog.Logger // nil: nothing is logged
}

// hasty contains settings that make a server fast but not durable.
var hasty = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"max_connections=200", "max_wal_size=512MB", "checkpoint_timeout=1h",
}

// StartTemporary starts a server for a test or a benchmark, in a new folder
// that [Server.Close] removes. The server is fast, and a crash may lose the last
// committed transactions. The folder is in memory if Linux's /dev/shm has 2 GiB free
// and TMPDIR is not set. ctx limits the start only.
func StartTemporary(ctx context.Context, t Temporary) (*Server, error) {
	as, err := childserver.Unprivileged()
	if err != nil {
		return nil, err
	}
	sweepTemporary()
	home, err := makeTemporary(as)
	if err != nil {
		return nil, err
	}
	c := &cluster{home: home, data: filepath.Join(home, "postgres"), as: as, settings: slices.Concat(hasty, t.Settings)}
	s, err := t.start(ctx, c)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(home))
	}
	return s, nil
}

func (t Temporary) start(ctx context.Context, c *cluster) (*Server, error) {
	if err := c.findServer(ctx, t.BinDir); err != nil {
		return nil, err
	}
	if err := c.fromTemplate(ctx, orDiscard(t.Logger)); err != nil {
		return nil, fmt.Errorf("a temporary PostgreSQL: %w", err)
	}
	return open(ctx, c, c.bin, t.Logger)
}

const (
	temporaryPrefix = "partywall-postgres-"
	memoryFolder    = "/dev/shm" // on Linux
)

func makeTemporary(as *childserver.Account) (string, error) {
	parent, err := ownfile.Resolve(temporaryParent(as))
	if err != nil {
		return "", err
	}
	home, err := os.MkdirTemp(parent, temporaryPrefix)
	if err != nil {
		return "", err
	}
	return home, makePassable(home, as)
}

// temporaryParent returns a folder in memory or the system's folder for temporary
// files. It returns /tmp if the account cannot enter root's.
func temporaryParent(as *childserver.Account) string {
	parent := os.TempDir()
	if os.Getenv("TMPDIR") == "" && memoryHasRoom() {
		parent = memoryFolder
	}
	if as == nil {
		return parent
	}
	for dir := parent; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return "/tmp"
		}
		if dir == filepath.Dir(dir) {
			return parent
		}
	}
}

// sweepTemporary removes the folders of this user's servers whose starting process was killed.
func sweepTemporary() {
	for _, parent := range []string{memoryFolder, os.TempDir(), "/tmp"} {
		left, _ := filepath.Glob(filepath.Join(parent, temporaryPrefix+"*"))
		for _, home := range left {
			info, err := os.Lstat(home)
			if err != nil || !info.IsDir() || time.Since(info.ModTime()) < 10*time.Minute {
				continue // its owner may be about to take the lock
			}
			if _, err := ownfile.Folder(home); err != nil {
				continue // it belongs to another user
			}
			lock, err := ownfile.Lock((&cluster{home: home}).lockFile())
			if err != nil {
				continue
			}
			if free, err := lock.TryLock(); err == nil && free {
				os.RemoveAll(home)
				lock.Close()
			}
		}
	}
}

// fromTemplate copies a prepared cluster to its place, which takes a
// tenth of the time of initdb. The template is created once for each
// version and recipe, and kept in the user's cache folder.
func (c *cluster) fromTemplate(ctx context.Context, logger *slog.Logger) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	template := filepath.Join(cache, "partywall", "postgres-"+c.recipe())
	if _, err := os.Lstat(template); err == nil {
		if _, err = ownfile.Folder(template); err == nil {
			return c.copyFrom(template)
		}
		logger.Warn("cannot use the cached PostgreSQL cluster; creating a new one", "err", err)
	}
	if _, err := c.prepare(ctx); err != nil {
		return err
	}
	if err := c.keep(template); err != nil {
		logger.Warn("cannot cache the PostgreSQL cluster for the next start", "err", err)
	}
	return nil
}

// recipe identifies how a template was created.
func (c *cluster) recipe() string {
	recipe := strings.Join(append(initdbOptions(), c.bin, c.version, hbaConf, ownConf), "\n")
	return fmt.Sprintf("%x", sha256.Sum256([]byte(recipe)))[:16]
}

// keep makes a template of the cluster, which has not been started yet.
func (c *cluster) keep(template string) error {
	if _, err := ownfile.Folder(filepath.Dir(template)); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(filepath.Dir(template), filepath.Base(template)+".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) // no effect once it is renamed
	if err := copyTree(filepath.Join(staging, "postgres"), c.data, nil); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(staging, filepath.Base(c.passFile())), c.passFile()); err != nil {
		return err
	}
	if err := os.Rename(staging, template); err != nil && !errors.Is(err, fs.ErrExist) { // another process was first
		return err
	}
	return nil
}

func (c *cluster) copyFrom(template string) error {
	if err := copyTree(c.data, filepath.Join(template, "postgres"), c.as); err != nil {
		return err
	}
	return copyFile(c.passFile(), filepath.Join(template, filepath.Base(c.passFile())))
}
