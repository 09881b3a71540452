package private

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the unprivileged user whom root's servers run as. A nil account
// stands for the user that runs us.
type account struct {
	name     string
	uid, gid uint32
}

// unprivileged returns the user to run servers as: nil, unless we are root.
func unprivileged() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return newAccount(found)
		}
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as: start as another user")
}

func newAccount(u *user.User) (*account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the user %s has no numeric ID: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the user %s has no numeric group: %w", u.Username, err)
	}
	return &account{name: u.Username, uid: uint32(uid), gid: uint32(gid)}, nil
}

// give makes path the account's own.
func (a *account) give(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// checkOwner refuses a folder that the account doesn't own: PostgreSQL would, less clearly.
func (a *account) checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	want, name := uint32(os.Geteuid()), "the user that runs this"
	if a != nil {
		want, name = a.uid, a.name
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != want {
		return fmt.Errorf("%s belongs to user ID %d, but PostgreSQL runs as %s (%d): change its owner with `chown -R %d %s`",
			dir, stat.Uid, name, want, want, dir)
	}
	return nil
}
