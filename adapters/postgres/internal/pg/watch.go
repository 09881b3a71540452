package pg

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
)

// cancelPatience is how long the server may take to answer that a statement was
// cancelled.
const cancelPatience = 500 * time.Millisecond

// loneStatement is the context of a statement outside any scope, whose caller reads and
// closes its rows. It never ends, so that neither database/sql nor lib/pq starts a
// goroutine that waits for its end: the connection watches the caller's own context,
// which is inside it.
type loneStatement struct{ context.Context }

// Deadline implements [context.Context].
func (loneStatement) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Done implements [context.Context].
func (loneStatement) Done() <-chan struct{} { return nil }

// Err implements [context.Context].
func (loneStatement) Err() error { return nil }

// watch is over a connection that works for a context. When that is done, lib/pq, or
// the watch for a lone statement, asks the server to cancel. lib/pq then waits for the
// answer as long as the network does: where none comes, the watch breaks the connection
// off.
type watch struct {
	wire *pgwire.Wire
	stop func() (stopped bool) // nil: no context is watched
}

// begin watches until end, unless a watch is on: the one of a transaction goes on
// over its statements.
func (w *watch) begin(ctx context.Context) {
	lone, isLone := ctx.(loneStatement)
	if isLone {
		ctx = lone.Context
	}
	if w.stop != nil || ctx.Done() == nil {
		return
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		if isLone {
			go func() { _ = w.wire.Cancel() }() // where that fails, the connection is broken off
		}
		select {
		case <-ended:
		case <-time.After(cancelPatience):
			w.wire.Break()
		}
	})
	w.stop = func() bool {
		close(ended)
		return stop()
	}
}

// end ends the watch, and reports whether it has interrupted nothing: a request to
// cancel may still be on its way, and would meet the next statement.
func (w *watch) end() (uninterrupted bool) {
	if w.stop == nil {
		return true
	}
	stop := w.stop
	w.stop = nil
	return stop()
}

// LongAgo is a deadline that ends what waits for the network at once.
var LongAgo = time.Unix(1, 0)
