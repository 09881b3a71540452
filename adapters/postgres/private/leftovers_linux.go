package private

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// family returns the cluster's processes, the postmaster first. They are known
// by their titles, which everybody may read: the postmaster's names the data
// directory, the others' the cluster_name.
func (c *cluster) family() []relative {
	titles, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []relative
	for _, path := range titles {
		title, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		args := strings.Split(string(title), "\x00")
		switch {
		case filepath.Base(args[0]) == "postgres" && slices.Contains(args, c.data):
			found = slices.Insert(found, 0, relative{pid, true})
		case strings.HasPrefix(args[0], "postgres: "+c.name()+": "):
			found = append(found, relative{pid, false})
		}
	}
	return found
}

// forgetStranger removes a postmaster.pid whose process ID has since been given
// to another program: PostgreSQL would take that for a running server.
func (c *cluster) forgetStranger() error {
	pid, _ := c.postmaster()
	if !alive(pid) {
		return nil
	}
	if err := os.Remove(c.pidFile()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
