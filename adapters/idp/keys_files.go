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

// cure is what helps where a file of keys is lost.
const cure = "restore it from a backup, or delete it to start with a new one, which ends all sessions, codes and signed URLs"

// closedFolder makes dir, if need be, and closes it to other users. Whose it is
// decides whose tokens are believed, so it must be this user's own.
func closedFolder(dir string) (string, error) {
	dir, err := ownfile.Closed(dir)
	if err != nil {
		return "", fmt.Errorf("the folder for keys can't be used: %w", err)
	}
	return dir, nil
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
	file, err := ownfile.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("a key can't be read: %w", err)
	}
	defer file.Close()
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
