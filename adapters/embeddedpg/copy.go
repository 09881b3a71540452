package embeddedpg

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// copyTree copies the folder from to the new folder to, readable only by its owner.
// The account gets what is inside a folder before the folder itself. Until
// then it cannot put anything there that the copying would follow.
func copyTree(to, from string, owner *childserver.Account) error {
	var copies []string
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, inside)
		copies = append(copies, copied)
		if entry.IsDir() {
			return os.Mkdir(copied, 0o700)
		}
		return copyFile(copied, path)
	})
	if err != nil {
		return err
	}
	for _, copied := range slices.Backward(copies) {
		if err := owner.Give(copied); err != nil {
			return err
		}
	}
	return nil
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
