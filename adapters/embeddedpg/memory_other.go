//go:build !linux

package embeddedpg

// memoryHasRoom reports that there is no memoryFolder.
func memoryHasRoom() bool { return false }
