// Package schema has the migrations: the files of the installation's own sets and of the
// product's, the ledger of what was applied, and the runner that applies a file inside a
// transaction which the file can neither end nor leave.
package schema
