//go:build !linux

package private

import "syscall"

// dieWithUs does nothing: only Linux can tell a child of our death. A server
// that we leave behind is stopped by the next start.
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}
