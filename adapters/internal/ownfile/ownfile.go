package ownfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/gofrs/flock"
)

// Folder makes the folder at path, closed to others, unless it exists, and returns
// its path without links. An existing folder must belong to this user or to root, as
// a volume of a container does, and must not let others create files in it; they may
// be allowed to read it.
func Folder(path string) (string, error) {
	return folder(path, os.Geteuid(), isTrusted)
}

// FolderOf is [Folder] for a folder that belongs to another user, who is given; only
// root can make one, and changes its owner.
func FolderOf(path string, owner int) (string, error) {
	return folder(path, owner, func(found int) bool { return found == owner })
}

func folder(path string, owner int, accepts func(owner int) bool) (string, error) {
	path, err := Resolve(path)
	if err != nil {
		return "", err
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, makeFolder(path, owner)
	}
	if err != nil {
		return "", err
	}
	switch {
	case !info.IsDir():
		return "", fmt.Errorf("%s is not a folder; move it away", path)
	case !accepts(ownerOf(info)):
		return "", fmt.Errorf("%s belongs to user ID %d, not to %d: move it away if you don't know who made it, or else look at what is in it and run: chown -R %[3]d %[4]s", path, ownerOf(info), owner, ShellWord(path))
	case OthersWrite(info):
		return "", fmt.Errorf("%s may be written by other users: look at what is in it, and run: chmod go-w %s", path, ShellWord(path))
	}
	return path, nil
}

// makeFolder makes a folder and those above that are missing.
func makeFolder(path string, owner int) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	if owner == os.Geteuid() {
		return nil
	}
	return os.Lchown(path, owner, -1)
}

// Closed is [Folder] and closes the folder to others, who may have been allowed to
// read and write it: the files that they put into it are not this user's own.
func Closed(path string) (string, error) {
	path, err := Resolve(path)
	if err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() && ownerOf(info) == os.Geteuid() && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o700); err != nil {
			return "", err
		}
	}
	return Folder(path)
}

// Check refuses a file at path that is not a regular file of this user, closed to
// others. An absent file is no error.
func Check(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return check(path, info, os.Geteuid())
}

func check(path string, info fs.FileInfo, owner int) error {
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("%s is a link, which is not followed; put the file itself there", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; move it away", path)
	case ownerOf(info) != owner:
		return fmt.Errorf("%s belongs to user ID %d, not to %d: move it away if you don't know who made it, or else run: chown %[3]d %[4]s", path, ownerOf(info), owner, ShellWord(path))
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is not closed to other users; if no other user has read or changed it, run: chmod 600 %s", path, ShellWord(path))
	}
	return nil
}

// Open opens the file at path with the flags of [os.OpenFile]; a file that it creates
// is closed to others. It follows no link, and refuses what [Check] refuses.
func Open(path string, flags int) (*os.File, error) {
	return OpenOf(path, flags, os.Geteuid())
}

// OpenOf is [Open] for a file that belongs to the given user.
func OpenOf(path string, flags, owner int) (*os.File, error) {
	file, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600) // a pipe doesn't block
	if errors.Is(err, syscall.ELOOP) {                                                 // the more specific error
		if clearer := Check(path); clearer != nil {
			err = clearer
		}
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = check(path, info, owner)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// Lock returns a lock on the file at path, which is created when the lock is first
// tried. It refuses what [Check] refuses.
func Lock(path string) (*flock.Flock, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|syscall.O_NOFOLLOW), flock.SetPermissions(0o600)), nil
}
