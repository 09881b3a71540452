package pg

import (
	"context"
	"net"
	"time"
)

// cancelPatience is how long the server may take to answer that a statement was
// cancelled.
const cancelPatience = 500 * time.Millisecond

// watch is over a connection that works for a context. When that is done, lib/pq
// asks the server to cancel, and then waits for its answer as long as the
// network does: where none comes, watch breaks the connection off.
type watch struct {
	wire net.Conn
	stop func() // nil: no session is waited for
}

// begin watches until end, unless a watch is on: the one of a transaction goes on
// over its statements.
func (w *watch) begin(ctx context.Context) {
	if w.stop != nil || ctx.Done() == nil {
		return
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-ended:
		case <-time.After(cancelPatience):
			_ = w.wire.SetDeadline(LongAgo)
		}
	})
	w.stop = func() {
		stop()
		close(ended)
	}
}

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// LongAgo is a deadline that ends what waits for the network at once.
var LongAgo = time.Unix(1, 0)
