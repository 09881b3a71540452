package app

import (
	"database/sql"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// TxOption says how the transaction of [Partywall.InTenant] behaves: [ReadOnly], or
// what [Isolation] returns.
type TxOption = postgres.TxOption

// ReadOnly has the server refuse every statement that writes; the error is fn's own.
func ReadOnly(o *sql.TxOptions) { postgres.ReadOnly(o) }

// Isolation has the transaction run at a level: [sql.LevelReadCommitted], the
// server's default, [sql.LevelRepeatableRead] or [sql.LevelSerializable]. At the last
// two the server may refuse a statement or the commit because another transaction
// came between. Test for that with [Retryable], and call InTenant again.
func Isolation(level sql.IsolationLevel) TxOption { return postgres.Isolation(level) }

// Retryable reports whether err says that another transaction came between: a
// serialization failure or a deadlock. Nothing was committed, and the same work in a
// new transaction may succeed.
func Retryable(err error) bool { return postgres.Retryable(err) }
