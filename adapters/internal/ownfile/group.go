package ownfile

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// isShared reports whether a user other than this one and root is listed in the
// group, so that this user, too, can change files that the group may write. The
// private group that each user of a Linux system has is not shared, nor is a group
// that only a container orchestrator gave the process.
func isShared(gid int) bool {
	groups, users := readDatabase("/etc/group"), readDatabase("/etc/passwd")
	known := false
	for _, group := range groups { // name:password:GID:members
		if len(group) < 4 || group[2] != strconv.Itoa(gid) {
			continue
		}
		known = true
		for member := range strings.SplitSeq(group[3], ",") {
			if member != "" && !isTrustedName(member, users) {
				return true
			}
		}
	}
	for _, u := range users { // name:password:UID:GID:...
		uid, err := strconv.Atoi(u[2])
		if len(u) > 3 && u[3] == strconv.Itoa(gid) && (err != nil || !isTrusted(uid)) {
			return true
		}
	}
	if known || gid == os.Getegid() {
		return false
	}
	_, err := user.LookupGroupId(strconv.Itoa(gid)) // of a directory of users, which lists no members
	return err == nil
}

func isTrustedName(name string, users [][]string) bool {
	for _, u := range users {
		if u[0] == name {
			uid, err := strconv.Atoi(u[2])
			return err == nil && isTrusted(uid)
		}
	}
	return false
}

// readDatabase returns the lines of /etc/group or /etc/passwd, split at the colons.
func readDatabase(path string) (lines [][]string) {
	text, _ := os.ReadFile(path) // without the file, no group is listed
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) >= 3 && !strings.HasPrefix(line, "#") {
			lines = append(lines, fields)
		}
	}
	return lines
}
