// Package embeddedpg runs a private PostgreSQL server, for a start without any
// configuration, for tests and for benchmarks.
//
// [Start] keeps its data: the first start creates a cluster below the data
// folder, and later starts use it again, however the previous one ended. A file lock
// decides which of several processes with the same data folder runs the server. The
// others use it, and if the first ends, another takes over at the same address.
// [StartTemporary] starts a fast server without durability, whose data Close removes.
//
// A lasting server listens only on a Unix socket, in a folder that only its
// account and root can enter, so that no other user can take its place while it
// is not running. If the path of that folder is too long for a socket, and for a
// temporary server, it listens on a loopback port. The server demands SCRAM passwords,
// which are random and stored beside the data, readable by no other user. It never
// runs as root: when the program runs as root, the server runs as the user "postgres",
// or else as the user "nobody".
//
// Files and folders that another user could have put in place are refused.
//
// On Linux no server outlives the process that started it, not even when that process
// is killed with SIGKILL, because the kernel then stops the server. On other systems a
// killed process leaves its server behind, and the next Start stops it first.
package embeddedpg
