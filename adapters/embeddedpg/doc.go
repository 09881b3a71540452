// Package embeddedpg runs a PostgreSQL of our own, for a start with nothing
// configured, for tests and for benchmarks.
//
// [Start] keeps its data: the first start makes a cluster below the data
// folder, later ones find it again, whatever ended the one before. Of several
// processes on one data folder one runs the server, decided by a file lock, and
// the others use it; if the first ends, another takes over at the same place.
// [StartTemporary] makes a fast, forgetful one that is gone at Close.
//
// A lasting server listens on a Unix socket alone, in a folder that only its
// account and root can enter, so that no other user can take its place while it
// doesn't run. Where the path of that folder is too long for a socket, and for a
// temporary server, it is a port of loopback. The server demands SCRAM passwords,
// which are random and lie beside the data, readable by no other user. It never
// runs as root: root's servers run as the user postgres, or nobody.
//
// Folders and files that another user could have put there are refused.
//
// On Linux no server outlives the process that started it, not even one killed
// with SIGKILL: the kernel tells the server to stop. Elsewhere a killed
// process leaves its server behind, and the next Start stops it first.
package embeddedpg
