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
	"strings"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// Temporary says how to run a server that forgets. Its zero value is of use.
type Temporary struct {
	BinDir string       // folder of initdb and postgres; empty: FindBinaries
	Logger *slog.Logger // nil: nothing is logged
}

// hasty makes a server fast that nobody needs after a crash.
var hasty = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"max_connections=200", "max_wal_size=512MB", "checkpoint_timeout=1h",
}

// StartTemporary starts a server for a test or a benchmark, in a fresh folder
// that [Server.Close] removes. It's fast, and a crash may take what was committed
// last with it. The folder is in memory where Linux's /dev/shm has 2 GiB free,
// unless TMPDIR is set.
// ctx bounds the start only.
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
	c := &cluster{home: home, data: filepath.Join(home, "postgres"), as: as, settings: hasty}
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

// temporaryParent returns a folder in memory, or the system's for temporary files,
// or /tmp where root's is closed to the account.
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

// sweepTemporary removes the folders of this user's servers whose process was killed.
func sweepTemporary() {
	for _, parent := range []string{memoryFolder, os.TempDir(), "/tmp"} {
		left, _ := filepath.Glob(filepath.Join(parent, temporaryPrefix+"*"))
		for _, home := range left {
			info, err := os.Lstat(home)
			if err != nil || !info.IsDir() || time.Since(info.ModTime()) < 10*time.Minute {
				continue // it may be about to take its lock
			}
			if _, err := ownfile.Folder(home); err != nil {
				continue // another user's
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

// fromTemplate puts a copy of a ready-made cluster in place, which takes a
// tenth of the time that initdb does. The template is made once for each
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
		logger.Warn("the kept PostgreSQL cluster isn't used", "err", err)
	}
	if _, err := c.prepare(ctx); err != nil {
		return err
	}
	if err := c.keep(template); err != nil {
		logger.Warn("the PostgreSQL cluster can't be kept for the next start", "err", err)
	}
	return nil
}

// recipe names what a template is made of.
func (c *cluster) recipe() string {
	recipe := strings.Join(append(initdbOptions(), c.bin, c.version, hbaConf, ownConf), "\n")
	return fmt.Sprintf("%x", sha256.Sum256([]byte(recipe)))[:16]
}

// keep makes a template of the cluster, which hasn't been started yet.
func (c *cluster) keep(template string) error {
	if _, err := ownfile.Folder(filepath.Dir(template)); err != nil {
		return err
	}
	unborn, err := os.MkdirTemp(filepath.Dir(template), filepath.Base(template)+".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unborn) // without effect once it's renamed
	if err := copyTree(filepath.Join(unborn, "postgres"), c.data, nil); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(unborn, filepath.Base(c.passFile())), c.passFile()); err != nil {
		return err
	}
	if err := os.Rename(unborn, template); err != nil && !errors.Is(err, fs.ErrExist) { // another was quicker
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
