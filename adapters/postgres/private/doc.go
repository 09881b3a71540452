// Package private runs a PostgreSQL of our own, for a start with nothing
// configured, for tests and for benchmarks.
//
// [Start] keeps its data: the first start makes a cluster below the data
// folder, later ones find it again, whatever ended the one before. Of several
// processes on one data folder one runs the server, decided by a file lock, and
// the others use it; if the first ends, another takes over on the same port.
// [StartTemporary] makes a fast, forgetful one that is gone at Close.
//
// The server listens on loopback only and demands SCRAM passwords, which are
// random and lie beside the data, readable by nobody else. It never runs as
// root: root's servers run as the user postgres, or nobody.
//
// On Linux no server outlives the process that started it, not even one killed
// with SIGKILL: the kernel tells the server to stop. Elsewhere a killed
// process leaves its server behind, and the next Start stops it first.
package private
