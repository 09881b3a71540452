package embeddedpg

import (
	"fmt"
	"io"
	"os"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// checkOwner refuses a data folder that the account does not own, or that
// another user can replace. PostgreSQL refuses only the former, with a less clear message.
func checkOwner(as *childserver.Account, dir string) error {
	uid, name := as.Owner()
	if _, err := ownfile.FolderOf(dir, int(uid)); err != nil {
		return fmt.Errorf("PostgreSQL runs as %s: %w", name, err)
	}
	return nil
}

// makePassable creates a folder that the account can pass through, whatever our umask.
func makePassable(dir string, as *childserver.Account) error {
	dir, err := ownfile.Folder(dir)
	if err != nil || as == nil {
		return err
	}
	return os.Chmod(dir, 0o711)
}

// rewrite replaces the content of an existing file of the account.
func rewrite(as *childserver.Account, path string, change func(before string) string) error {
	uid, _ := as.Owner()
	file, err := ownfile.OpenOf(path, os.O_RDWR, int(uid))
	if err != nil {
		return err
	}
	defer file.Close()
	before, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	after := change(string(before))
	if after == string(before) {
		return nil
	}
	if _, err := file.WriteAt([]byte(after), 0); err != nil {
		return err
	}
	if err := file.Truncate(int64(len(after))); err != nil {
		return err
	}
	return file.Sync()
}
