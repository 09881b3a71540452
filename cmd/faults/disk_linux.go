package main

import (
	"fmt"
	"syscall"
)

// mountSmall mounts a disk of so many MiB in memory.
func mountSmall(dir string, size int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", size))
}

func unmount(dir string) { _ = syscall.Unmount(dir, 0) }
