package schema

import (
	"errors"

	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// Busy reports whether what failed may succeed once other sessions have ended their
// transactions.
func Busy(err error) bool {
	if e := pg.ServerError(err); e == nil || pg.Raised(e) {
		return false
	}
	switch pg.SQLState(err) {
	case pqerror.LockNotAvailable, pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure:
		return true
	}
	return false
}

// Lost reports whether the connection ended, so that the next statement would fail,
// too. Unlike [pg.Unavailable] it takes nothing that a file says for that.
func Lost(err error) bool {
	if e := pg.ServerError(err); e != nil {
		return pg.Fatal(e)
	}
	return pg.Lost(err)
}

// Complaint is an error for a report, with the file that it was in.
func Complaint(err error) string {
	if e, ok := errors.AsType[*FileError](err); ok {
		return e.Error()
	}
	return pg.Complaint(err)
}
