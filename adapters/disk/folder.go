package disk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
)

const (
	folderMode = 0o700
	fileMode   = 0o600

	// tempFolder holds unfinished uploads, on the same file system as the rest so
	// that they can be renamed. No tenant's ID starts with a dot.
	tempFolder = ".uploads"

	// deadAfter is how long an upload that writes nothing is left alone when a
	// store is opened: another process may be at it.
	deadAfter = time.Hour
)

var errAbsent = errors.New("no such object")

// folder is where the objects lie. [os.Root] keeps every path inside it, whatever
// links another program puts there.
type folder struct {
	root  *os.Root
	alone sync.Mutex // stands in for the lock of a folder on file systems that have none, as NFS
}

var _ signedurl.Store = (*folder)(nil)

func openFolder(dir string) (*folder, error) {
	dir, err := ownfile.Closed(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root}
	if err := f.sweep(); err != nil {
		root.Close()
		return nil, err
	}
	return f, nil
}

// sweep makes the folder of unfinished uploads, and removes those that a crash
// left there.
func (f *folder) sweep() error {
	if err := f.root.MkdirAll(tempFolder, folderMode); err != nil {
		return err
	}
	uploads, err := fs.ReadDir(f.root.FS(), tempFolder)
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		info, err := upload.Info()
		if err != nil || time.Since(info.ModTime()) < deadAfter {
			continue // gone by itself, or maybe alive
		}
		if err := f.root.Remove(path.Join(tempFolder, upload.Name())); err != nil {
			return err
		}
	}
	return nil
}

// pathOf hashes the file name: any name then fits any file system, "a" may stand
// beside "a/b", and no two names differ in case only.
func pathOf(key domain.ObjectKey) string {
	sum := sha256.Sum256([]byte(key.Filename()))
	name := hex.EncodeToString(sum[:])
	return path.Join(key.Tenant().String(), name[:2], name)
}

// Put implements [signedurl.Store].
func (f *folder) Put(ctx context.Context, key domain.ObjectKey, upload *signedurl.Upload) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := f.allows(ctx, key, upload.Condition); err != nil {
		return err // publish asks again; this spares a losing client the upload
	}
	temp := tempName(key.Tenant())
	defer f.discard(temp)
	if err := f.write(temp, key, upload, contextReader{ctx, upload.Body}); err != nil {
		return objectError(err)
	}
	return objectError(f.publish(ctx, temp, key, upload.Condition))
}

// allows checks condition against what key holds now.
func (f *folder) allows(ctx context.Context, key domain.ObjectKey, condition signedurl.Condition) error {
	if condition.IsZero() {
		return nil
	}
	content, now, err := f.Open(ctx, key)
	switch {
	case errors.Is(err, domain.NotFound):
		return condition.Check(false, now)
	case err != nil && condition.Match == nil:
		return condition.Check(true, now) // a damaged object is one
	case err != nil:
		return err
	}
	content.Close()
	return condition.Check(true, now)
}

// discard removes what a rename didn't take away.
func (f *folder) discard(temp string) { _ = f.root.Remove(temp) }

// tempName returns a new name for an unfinished upload of the tenant.
func tempName(tenant domain.TenantID) string {
	return path.Join(tempFolder, tempPrefix(tenant)+rand.Text())
}

// tempPrefix starts the names of a tenant's unfinished uploads. No tenant's ID has a dot.
func tempPrefix(tenant domain.TenantID) string { return tenant.String() + "." }

// write writes the object to a file at temp, and syncs it to the disk.
func (f *folder) write(temp string, key domain.ObjectKey, upload *signedurl.Upload, body io.Reader) error {
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := writeObject(file, key, upload, body); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}

// publish gives the finished file its name, in one step, if condition holds. It tries
// again if a purge removed the folder meanwhile.
func (f *folder) publish(ctx context.Context, temp string, key domain.ObjectKey, condition signedurl.Condition) error {
	for attempt := 1; ; attempt++ {
		err := f.tryPublish(ctx, temp, key, condition)
		if !errors.Is(err, fs.ErrNotExist) || attempt == publishAttempts {
			return err
		}
	}
}

const publishAttempts = 10

func (f *folder) tryPublish(ctx context.Context, temp string, key domain.ObjectKey, condition signedurl.Condition) error {
	target := pathOf(key)
	folder := path.Dir(target)
	if err := f.makeFolder(folder); err != nil {
		return err
	}
	return f.locked(folder, func() error {
		if err := f.allows(ctx, key, condition); err != nil {
			return err
		}
		if condition.Absent { // a link, unlike a rename, fails where the name is taken
			err := f.root.Link(temp, target)
			if errors.Is(err, fs.ErrExist) {
				return condition.Check(true, signedurl.Object{})
			}
			return err
		}
		return f.root.Rename(temp, target)
	})
}

// locked changes a folder while no other upload or deletion does, in this process
// or another, and syncs the folder.
func (f *folder) locked(folder string, change func() error) error {
	dir, err := f.root.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	switch err := flock(dir); {
	case errors.Is(err, syscall.EBADF), errors.Is(err, syscall.ENOLCK), errors.Is(err, errors.ErrUnsupported):
		f.alone.Lock()
		defer f.alone.Unlock()
	case err != nil:
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return dir.Sync()
}

// flock locks an open folder until it is closed.
func flock(dir *os.File) error {
	raw, err := dir.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = raw.Control(func(fd uintptr) {
		for {
			if locked = syscall.Flock(int(fd), syscall.LOCK_EX); locked != syscall.EINTR {
				return
			}
		}
	})
	return errors.Join(err, locked)
}

// makeFolder makes a folder of a tenant, which may be the tenant's first.
func (f *folder) makeFolder(folder string) error {
	if _, err := f.root.Stat(folder); err == nil {
		return nil
	}
	if err := f.root.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	return errors.Join(f.sync(path.Dir(folder)), f.sync("."))
}

// sync writes a folder's entries to the disk.
func (f *folder) sync(folder string) error {
	dir, err := f.root.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Open implements [signedurl.Store].
func (f *folder) Open(ctx context.Context, key domain.ObjectKey) (io.ReadSeekCloser, signedurl.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, signedurl.Object{}, err
	}
	file, err := f.root.Open(pathOf(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = errAbsent
	}
	if err != nil {
		return nil, signedurl.Object{}, objectError(err)
	}
	content, object, err := readObject(file, key)
	if err != nil {
		file.Close()
		return nil, signedurl.Object{}, objectError(err)
	}
	return content, object, nil
}

func (f *folder) remove(key domain.ObjectKey) error {
	target := pathOf(key)
	err := f.locked(path.Dir(target), func() error { return f.root.Remove(target) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// probe writes a byte where uploads go.
func (f *folder) probe() error {
	temp := tempName(domain.TenantID{})
	defer f.discard(temp)
	return f.root.WriteFile(temp, []byte{0}, fileMode)
}

// contextReader fails when its context is done.
type contextReader struct {
	ctx context.Context
	io.Reader
}

// Read implements [io.Reader].
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
