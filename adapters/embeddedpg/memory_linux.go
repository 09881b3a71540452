package embeddedpg

import "syscall"

const (
	tmpfsMagic = 0x01021994 // the type of a file system in memory, see statfs(2)
	memoryRoom = 2 << 30    // bytes that a server in memory may come to need
)

// memoryHasRoom reports whether a server's files fit into memoryFolder.
func memoryHasRoom() bool {
	var found syscall.Statfs_t
	err := syscall.Statfs(memoryFolder, &found)
	return err == nil && found.Type == tmpfsMagic && found.Bavail*uint64(found.Bsize) >= memoryRoom
}
