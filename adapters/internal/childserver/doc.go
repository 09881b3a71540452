// Package childserver has what it takes to run another program's server on this
// machine as a child of ours: a user without privileges to run it as, a process
// that doesn't outlive us, and a port to listen on.
package childserver
