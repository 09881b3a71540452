package app

import (
	"context"
	"net"

	"github.com/partywall-go/partywall/adapters/httpapi"
)

// Serve answers requests on listener until ctx is done. Then it takes no new
// connection, lets the requests in flight finish, and cancels after 8 seconds
// those that haven't. It closes the listener; [Partywall.Close] is still due.
func (p *Partywall) Serve(ctx context.Context, listener net.Listener) error {
	server := httpapi.Server{Handler: p.handler, Logger: p.config.logger()}
	err := server.Serve(ctx, listener)
	if err != nil && ctx.Err() != nil {
		p.config.logger().Warn("requests were cut off at the stop", "error", err)
		return nil //nolint:nilerr // it was asked to stop, and has
	}
	return err
}
