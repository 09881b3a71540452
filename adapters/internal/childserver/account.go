package childserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// Account is the unprivileged user whom root's servers run as, because many servers
// refuse to run as root. A nil Account stands for the user that runs us.
type Account struct {
	Name     string
	UID, GID uint32
}

// Unprivileged returns the user to run servers as: nil, unless we are root.
func Unprivileged() (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return newAccount(found)
		}
	}
	return nil, errors.New("root runs no servers, and there is no user postgres or nobody to run them as: start as another user")
}

func newAccount(u *user.User) (*Account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the user %s has no numeric ID: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the user %s has no numeric group: %w", u.Username, err)
	}
	return &Account{Name: u.Username, UID: uint32(uid), GID: uint32(gid)}, nil
}

// Credential makes a command run as the account.
func (a *Account) Credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.UID, Gid: a.GID}
}

// Give makes the account the owner of path. It follows no link, because the account
// may have put one into a folder that it owns already.
func (a *Account) Give(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.UID), int(a.GID))
}

// Owner returns the account's user ID and name, or those of the user that runs us.
func (a *Account) Owner() (uid uint32, name string) {
	if a == nil {
		return uint32(os.Geteuid()), "the user that runs this"
	}
	return a.UID, a.Name
}
