package private

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// copyTree copies the folder from to the new folder to, for nobody but its
// owner to read.
func copyTree(to, from string, owner *childserver.Account) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, inside)
		if entry.IsDir() {
			err = os.Mkdir(copied, 0o700)
		} else {
			err = copyFile(copied, path)
		}
		if err != nil {
			return err
		}
		return owner.Give(copied)
	})
}

// copyFile copies the file from to the new file to, mode 0600.
func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
