package app

import (
	"database/sql"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// TxOption sets how the transaction of [Partywall.InTenant] behaves. It is [ReadOnly], or
// a result of [Isolation].
type TxOption = postgres.TxOption

// ReadOnly makes the server refuse every statement that writes. fn gets the server's error.
func ReadOnly(o *sql.TxOptions) { postgres.ReadOnly(o) }

// Isolation sets the isolation level of the transaction: [sql.LevelReadCommitted], the
// server's default, [sql.LevelRepeatableRead] or [sql.LevelSerializable]. At the last
// two the server may refuse a statement or the commit because of a concurrent
// transaction. Test for that with [Retryable], and call InTenant again.
func Isolation(level sql.IsolationLevel) TxOption { return postgres.Isolation(level) }

// Retryable reports whether err is due to a concurrent transaction: a
// serialization failure or a deadlock. Nothing was committed, and the same work in a
// new transaction may succeed.
func Retryable(err error) bool { return postgres.Retryable(err) }
