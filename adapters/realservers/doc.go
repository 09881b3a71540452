// Package realservers starts the servers that tests talk to: an emulator of
// Cognito, an object store that speaks S3, a transaction pooler, and the
// binaries of the newest PostgreSQL. Only tests import it.
//
// Each server listens on a free loopback port, works in a temporary folder, and
// ends with its test. On Linux it also ends when the test is killed. A program that is not
// on the machine is fetched once, at a pinned version, into the user's cache
// folder, by one test binary while the others wait. A missing server skips
// the test with the line that installs it, and fails it where CI is "true".
//
// A test binary that needs one server for all its tests uses [Shared].
package realservers
