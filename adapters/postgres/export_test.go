package postgres

import "github.com/jmoiron/sqlx"

// What tests of the walls need to stand where an intruder would, and tests of
// errors to see each.
var (
	DerivedPassword = derivedPassword
	Translate       = translate
)

// Gate is the pool that serves tenants, outside of any scope.
func (db *DB) Gate() *sqlx.DB { return db.others.Load().gates[gateOfAll].db }

// Own is the pool that provisions.
func (db *DB) Own() *sqlx.DB { return db.own.db }
