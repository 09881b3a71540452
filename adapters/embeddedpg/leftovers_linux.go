package embeddedpg

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// processes returns the cluster's processes, the postmaster first. They run as the
// account, and their titles identify them: the postmaster's contains the data
// directory, the others' the cluster_name. Any user can give a process such a title, so
// the title alone proves nothing.
func (c *cluster) processes() []serverProcess {
	uid, _ := c.as.Owner()
	titles, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []serverProcess
	for _, path := range titles {
		title, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		args := strings.Split(string(title), "\x00")
		isPostmaster := filepath.Base(args[0]) == "postgres" && slices.Contains(args, c.data)
		if !isPostmaster && !strings.HasPrefix(args[0], "postgres: "+c.name()+": ") || !runsAs(filepath.Dir(path), uid) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		one := serverProcess{pid, isPostmaster}
		if isPostmaster {
			found = slices.Insert(found, 0, one)
		} else {
			found = append(found, one)
		}
	}
	return found
}

// runsAs reports whether the process with that folder below /proc runs as the
// user. The owner of the folder does not prove it, because it is root if the process
// may not be dumped.
func runsAs(process string, uid uint32) bool {
	status, err := os.Open(filepath.Join(process, "status"))
	if err != nil {
		return false
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if ids, found := strings.CutPrefix(lines.Text(), "Uid:"); found { // real, effective, saved, of files
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[1] == strconv.FormatUint(uint64(uid), 10)
		}
	}
	return false
}
