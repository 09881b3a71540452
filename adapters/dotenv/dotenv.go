// Package dotenv reads .env, the file of environment variables in the working
// directory.
package dotenv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// maxSize is the largest size of the file, in bytes.
const maxSize = 1 << 20

// Read returns the settings of .env in the order of the file, and none if there is no
// file. The file decides what the program does, so no user but the one that runs the
// program and root may be able to write it.
func Read() ([]Setting, error) {
	text, err := content()
	if err != nil {
		return nil, err
	}
	return parse(text)
}

// content returns the bytes of .env, and none if there is no file.
func content() ([]byte, error) {
	file, err := os.OpenFile(".env", os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe without a writer doesn't block
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read .env: %w; let this user read it, or remove it", err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read .env: %w", err)
	case !info.Mode().IsRegular():
		return nil, errors.New(".env is not a regular file: make it one, or remove it")
	case info.Size() > maxSize:
		return nil, fmt.Errorf(".env is larger than %d bytes: only variables belong there", maxSize)
	}
	if err := refuseForeign(info); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(file, maxSize))
}

// refuseForeign returns an error if another user could have written .env.
func refuseForeign(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	self := os.Geteuid()
	switch {
	case int(stat.Uid) != self && stat.Uid != 0:
		return fmt.Errorf(".env belongs to user ID %d, who could change what this program does, but user ID %d runs it: run it as that user, or read .env and then run: chown %[2]d .env", stat.Uid, self)
	case ownfile.OthersWrite(info):
		return errors.New(".env may be written by other users of this machine: read it, and then run: chmod go-w .env")
	}
	return nil
}
