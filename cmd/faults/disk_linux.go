package main

import "syscall"

// mountSmall mounts a disk of 8 MiB in memory.
func mountSmall(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=700") }

func unmount(dir string) { _ = syscall.Unmount(dir, 0) }
