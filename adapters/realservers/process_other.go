//go:build !linux

package realservers

import "syscall"

// dieWithUs does nothing: only Linux can tell a child of our death.
func dieWithUs(*syscall.SysProcAttr) {}
