// Package inspection reads the state of an installation, and changes nothing: whether
// the database is set up and up to date, which tenants lack a migration, what roles
// lack, and whether the database is a copy. Setup and the doctor share it.
package inspection
