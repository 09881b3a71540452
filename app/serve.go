package app

import (
	"context"
	"net"
	"net/http"

	"github.com/partywall-go/partywall/adapters/httpapi"
)

// Serve answers requests to [Partywall.Handler] on listener, see [Partywall.ServeHandler].
func (p *Partywall) Serve(ctx context.Context, listener net.Listener) error {
	return p.ServeHandler(ctx, listener, p.api)
}

// ServeHandler answers requests on listener until ctx is done, with the timeouts
// of a server that strangers reach. Then it takes no new connection, lets the
// requests in flight finish, and cancels after 8 seconds those that haven't. It
// closes the listener; [Partywall.Close] is still due.
//
// A product passes the handler that it mounted ours in. It may as well use an
// [http.Server] of its own.
func (p *Partywall) ServeHandler(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := httpapi.Server{Handler: handler, Logger: p.config.logger()}
	err := server.Serve(ctx, listener)
	if err != nil && ctx.Err() != nil {
		p.config.logger().Warn("requests were cut off at the stop", "error", err)
		return nil //nolint:nilerr // it was asked to stop, and has
	}
	return err
}
