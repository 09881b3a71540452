//go:build !linux

package childserver

import "syscall"

// dieWithUs does nothing: only Linux can tell a child of our death.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}
