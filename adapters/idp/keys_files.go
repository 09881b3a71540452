package idp

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// cure is the advice for a lost or broken key file.
const cure = "restore it from a backup, or delete it to start with a new one, which ends all sessions, codes and signed URLs"

// closedFolder creates dir if it does not exist, and closes it to other users. dir must
// belong to this user, because tokens signed with the keys in it are accepted.
func closedFolder(dir string) (string, error) {
	dir, err := ownfile.Closed(dir)
	if err != nil {
		return "", fmt.Errorf("cannot use the folder for keys: %w", err)
	}
	return dir, nil
}

// keptOrNew returns the bytes of the PEM file at path. If there is no file, it stores
// the result of fresh, unless another process was faster. Then it returns that process's bytes.
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
		return nil, fmt.Errorf("cannot store a new key: %w", err)
	}
	return readBlock(path, kind)
}

// readBlock returns the bytes of the one PEM block in the file at path.
func readBlock(path, kind string) ([]byte, error) {
	file, err := ownfile.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("cannot read a key: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("cannot read a key: %w", err)
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != kind || len(rest) > 0 {
		return nil, fmt.Errorf("%s is broken: it is not one PEM block %q; %s", path, kind, cure)
	}
	return block.Bytes, nil
}

// publish writes content to a new file at path in one step, complete and durable. It
// leaves an existing file unchanged.
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
	// Unlike a rename, a link replaces nothing, so a slower process uses the first one's file.
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in dir durable, so that they survive a power failure.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
