package local

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
	"time"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
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

var (
	errAbsent = errors.New("no such object")
	errTaken  = errors.New("the object exists")
)

// disk is the folder itself. [os.Root] keeps every path inside it, whatever
// links somebody puts there.
type disk struct{ root *os.Root }

var _ signedurl.Store = (*disk)(nil)

func openDisk(dir string) (*disk, error) {
	dir, err := ownfile.Closed(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &disk{root}
	if err := d.sweep(); err != nil {
		root.Close()
		return nil, err
	}
	return d, nil
}

// sweep makes the folder of unfinished uploads, and removes those that a crash
// left there.
func (d *disk) sweep() error {
	if err := d.root.MkdirAll(tempFolder, folderMode); err != nil {
		return err
	}
	uploads, err := fs.ReadDir(d.root.FS(), tempFolder)
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		info, err := upload.Info()
		if err != nil || time.Since(info.ModTime()) < deadAfter {
			continue // gone by itself, or maybe alive
		}
		if err := d.root.Remove(path.Join(tempFolder, upload.Name())); err != nil {
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
func (d *disk) Put(ctx context.Context, key domain.ObjectKey, contentType string, ifAbsent bool, body io.Reader) error {
	if err := usable(ctx, key); err != nil {
		return err
	}
	target := pathOf(key)
	if ifAbsent { // publish decides; this spares a losing client the upload
		if _, err := d.root.Lstat(target); err == nil {
			return objectError(errTaken)
		}
	}
	temp := tempName()
	defer d.discard(temp)
	if err := d.write(temp, key, contentType, contextReader{ctx, body}); err != nil {
		return objectError(err)
	}
	return objectError(d.publish(temp, target, ifAbsent))
}

// discard removes what a rename didn't take away.
func (d *disk) discard(temp string) { _ = d.root.Remove(temp) }

func tempName() string { return path.Join(tempFolder, rand.Text()) }

// write makes a file of the object at temp, and sees it onto the disk.
func (d *disk) write(temp string, key domain.ObjectKey, contentType string, body io.Reader) error {
	file, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := writeObject(file, key, contentType, body); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return file.Close()
}

// publish gives the finished file its name, in one step. A link, unlike a
// rename, fails where the name is taken.
func (d *disk) publish(temp, target string, ifAbsent bool) error {
	folder := path.Dir(target)
	if err := d.makeFolder(folder); err != nil {
		return err
	}
	move := d.root.Rename
	if ifAbsent {
		move = d.root.Link
	}
	switch err := move(temp, target); {
	case ifAbsent && errors.Is(err, fs.ErrExist):
		return errTaken
	case err != nil:
		return err
	}
	return d.sync(folder)
}

// makeFolder makes a folder of a tenant, which may be the tenant's first.
func (d *disk) makeFolder(folder string) error {
	if _, err := d.root.Stat(folder); err == nil {
		return nil
	}
	if err := d.root.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	return errors.Join(d.sync(path.Dir(folder)), d.sync("."))
}

// sync sees a folder's entries onto the disk.
func (d *disk) sync(folder string) error {
	dir, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Open implements [signedurl.Store].
func (d *disk) Open(ctx context.Context, key domain.ObjectKey) (io.ReadSeekCloser, ports.ObjectInfo, error) {
	if err := usable(ctx, key); err != nil {
		return nil, ports.ObjectInfo{}, err
	}
	file, err := d.root.Open(pathOf(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = errAbsent
	}
	if err != nil {
		return nil, ports.ObjectInfo{}, objectError(err)
	}
	object, info, err := readObject(file, key)
	if err != nil {
		file.Close()
		return nil, ports.ObjectInfo{}, objectError(err)
	}
	return object, info, nil
}

func (d *disk) remove(key domain.ObjectKey) error {
	target := pathOf(key)
	switch err := d.root.Remove(target); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return d.sync(path.Dir(target))
}

// probe writes a byte where uploads go.
func (d *disk) probe() error {
	temp := tempName()
	defer d.discard(temp)
	return d.root.WriteFile(temp, []byte{0}, fileMode)
}

// contextReader gives up with its context.
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
