package ownfile

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// overflow returns the user ID that files of the machine's root appear to have in a
// user namespace that lacks root, as sandboxes create them; -1 outside of one.
var overflow = sync.OnceValue(func() int {
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || isWholeMap(string(ids)) {
		return -1
	}
	text, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil {
		return -1
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return -1
	}
	return id
})

// isWholeMap reports whether a uid_map is that of the machine itself.
func isWholeMap(ids string) bool {
	fields := strings.Fields(ids)
	return len(fields) == 3 && fields[0] == "0" && fields[1] == "0" && fields[2] == "4294967295"
}
