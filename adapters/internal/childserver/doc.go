// Package childserver runs another program's server on this machine as a child of
// ours: as a user without privileges, as a process that does not outlive us, and on a
// free port.
package childserver
