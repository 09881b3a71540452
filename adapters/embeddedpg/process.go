package embeddedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// command prepares a program to run as the given account. It gets a process group of
// its own, so that a terminal's Ctrl-C reaches only this process, and an environment
// that contains nothing of ours.
func command(as *childserver.Account, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = "/" // the account may not be able to enter our own folder
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as.Credential()}
	return cmd
}

// run runs cmd with stdin as its input and returns what it printed.
func run(ctx context.Context, cmd *exec.Cmd, stdin string) (string, error) {
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	cmd.WaitDelay = time.Second // its children may keep its output open
	p, err := childserver.Launch(cmd, syscall.SIGKILL)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("an unprivileged user cannot run %s: %w", cmd.Path, err)
	}
	if err != nil {
		return "", err
	}
	select {
	case <-p.Exited():
	case <-ctx.Done():
		p.End()
		return "", ctx.Err()
	}
	if err := p.Err(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Path, err, complaint(out.String()))
	}
	return out.String(), nil
}
