//go:build !linux

package embeddedpg

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// processes returns the postmaster if postmaster.pid exists and the process with that
// ID runs as the account on the cluster's data. The ID may belong to another program
// by now.
func (c *cluster) processes() []serverProcess {
	pid, _ := c.postmaster()
	if !alive(pid) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "uid=", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil // it has ended
	}
	uid, _ := c.as.Owner()
	fields := strings.Fields(string(out))
	if len(fields) < 2 || fields[0] != strconv.FormatUint(uint64(uid), 10) || !strings.Contains(string(out), c.data) {
		return nil
	}
	return []serverProcess{{pid, true}}
}
