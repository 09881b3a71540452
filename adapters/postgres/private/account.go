package private

import (
	"fmt"
	"os"
	"syscall"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// checkOwner refuses a folder that the account doesn't own: PostgreSQL would, less clearly.
func checkOwner(as *childserver.Account, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	want, name := as.Owner()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != want {
		return fmt.Errorf("%s belongs to user ID %d, but PostgreSQL runs as %s (%d): change its owner with `chown -R %d %s`",
			dir, stat.Uid, name, want, want, dir)
	}
	return nil
}
