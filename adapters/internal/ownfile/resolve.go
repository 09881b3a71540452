package ownfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxLinks is how many links one path may lead through, as on Linux.
const maxLinks = 40

// Resolve returns path, absolute and without links, after it has checked that no user
// but this one and root can replace what is at path or create something there. A path
// that does not exist yet is no error.
func Resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	done, rest, links := "/", strings.Split(path[1:], "/"), 0
	above, err := os.Lstat(done)
	if err != nil {
		return "", err
	}
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..": // of a link's target
			done = filepath.Dir(done)
			if above, err = os.Lstat(done); err != nil {
				return "", err
			}
			continue
		}
		if err := refuseReplaceable(done, above); err != nil {
			return "", err
		}
		next := filepath.Join(done, name)
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return filepath.Join(append([]string{next}, rest...)...), nil
		}
		if err != nil {
			return "", err
		}
		if info.Mode().Type() != fs.ModeSymlink {
			if !info.IsDir() && len(rest) > 0 {
				return "", &fs.PathError{Op: "open", Path: next, Err: syscall.ENOTDIR}
			}
			done, above = next, info
			continue
		}
		target, err := followOwn(next, info)
		if err != nil {
			return "", err
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
		}
		rest = append(strings.Split(target, "/"), rest...)
		if filepath.IsAbs(target) {
			done = "/"
			if above, err = os.Lstat(done); err != nil {
				return "", err
			}
		}
	}
	return done, nil
}

// followOwn returns the target of a link that this user or root has made.
func followOwn(path string, info fs.FileInfo) (string, error) {
	if owner := ownerOf(info); !isTrusted(owner) {
		return "", fmt.Errorf("%s is a link that user ID %d made, who could lead it elsewhere: remove it, or choose another folder", path, owner)
	}
	return os.Readlink(path)
}

// refuseReplaceable refuses a folder in which a user other than this one and root can
// replace files of another owner.
func refuseReplaceable(path string, info fs.FileInfo) error {
	owner := ownerOf(info)
	switch {
	case !isTrusted(owner):
		return fmt.Errorf("%s belongs to user ID %d, who could replace what user ID %d keeps there: choose a folder elsewhere, or run the program as user ID %[2]d", path, owner, os.Geteuid())
	case OthersWrite(info) && info.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("%s may be written by other users, who could replace what is kept there: run `chmod go-w %s`, or choose a folder elsewhere", path, ShellWord(path))
	}
	return nil
}

// OthersWrite reports whether users other than the owner may write.
func OthersWrite(info fs.FileInfo) bool {
	return info.Mode().Perm()&0o002 != 0 || info.Mode().Perm()&0o020 != 0 && isShared(groupOf(info))
}

// isTrusted reports whether a user may own a file that this user relies on.
func isTrusted(owner int) bool {
	return owner == os.Geteuid() || owner == 0 || owner == overflow()
}

func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

func groupOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Gid)
	}
	return -1
}
