//go:build !linux

package childserver

import "syscall"

// dieWithUs does nothing: only Linux can signal the child when we die.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}
