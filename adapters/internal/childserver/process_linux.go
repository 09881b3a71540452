package childserver

import "syscall"

// dieWithUs makes the kernel send the child a signal when the thread that starts it
// dies.
func dieWithUs(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
