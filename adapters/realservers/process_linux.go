package realservers

import "syscall"

// dieWithUs has the kernel kill the child when the thread that starts it dies.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
