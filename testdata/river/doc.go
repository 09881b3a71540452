// Package river installs the tables of River, a job queue for PostgreSQL, in the
// schema shared. It is a module of its own, so that River is no dependency of
// Partywall's.
package river
