package local

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// cure is what helps where a file of keys is lost.
const cure = "restore it from a backup, or delete it to start with a new one, which ends all sessions, codes and signed URLs"

const othersMay = 0o077 // the permissions of everybody but the owner

// closedFolder makes dir, if need be, and closes it to other users.
func closedFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the folder for keys can't be made: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("the folder for keys can't be read: %w", err)
	}
	if !openToOthers(info) {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("the folder for keys can't be closed to other users: %w", err)
	}
	return nil
}

// keptOrNew returns the bytes of the PEM file at path. Where there is none it
// keeps what fresh makes, unless another process was faster: then it returns theirs.
func keptOrNew(path, kind string, fresh func() ([]byte, error)) ([]byte, error) {
	kept, err := readBlock(path, kind)
	if !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	made, err := fresh()
	if err != nil {
		return nil, fmt.Errorf("no key could be made for %s: %w", path, err)
	}
	if err := publish(path, encodeBlock(kind, made)); err != nil {
		return nil, fmt.Errorf("a new key can't be kept: %w", err)
	}
	return readBlock(path, kind)
}

// readBlock returns the bytes of the one PEM block in the file at path.
func readBlock(path, kind string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("a key can't be read: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("a key can't be read: %w", err)
	}
	if !info.Mode().IsRegular() || openToOthers(info) {
		return nil, fmt.Errorf("%s isn't a file that only its owner may read: if nobody else has read it, run: chmod 600 %[1]s", path)
	}
	content, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("a key can't be read: %w", err)
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != kind || len(rest) > 0 {
		return nil, fmt.Errorf("%s is broken: it isn't one PEM block %q; %s", path, kind, cure)
	}
	return block.Bytes, nil
}

// publish puts content at path in one step, complete and on the disk, unless
// something is there already.
func publish(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, writeErr := file.Write(content)
	if err := errors.Join(writeErr, file.Sync(), file.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, replaces nothing: whoever comes second takes the first one's.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in dir survive a power cut.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// openToOthers reports whether users other than the owner may read or enter.
func openToOthers(info fs.FileInfo) bool {
	return info.Mode().Perm()&othersMay != 0
}
