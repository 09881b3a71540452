//go:build !linux

package embeddedpg

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// family returns the postmaster, if one left its note and the process of that
// number runs as the account on the cluster's data. Another program may have the
// number by now.
func (c *cluster) family() []relative {
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
	return []relative{{pid, true}}
}
