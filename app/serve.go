package app

import (
	"context"
	"net"
	"net/http"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
)

// Serve answers requests to [Partywall.Handler] on listener, see [Partywall.ServeHandler].
func (p *Partywall) Serve(ctx context.Context, listener net.Listener) error {
	return p.ServeHandler(ctx, listener, p.api)
}

// ServeHandler answers requests on listener until ctx is done, with timeouts that
// suit a public server. Then it accepts no new connections, waits for the
// requests in flight, and cancels the unfinished ones after 8 seconds. It
// closes the listener. The caller must still call [Partywall.Close].
//
// A product passes the handler that contains ours. It may also use an
// [http.Server] of its own. Without a listener or a handler, ServeHandler returns a
// [domain.Internal] error: net/http would serve [http.DefaultServeMux].
func (p *Partywall) ServeHandler(ctx context.Context, listener net.Listener, handler http.Handler) error {
	if listener == nil || handler == nil {
		return domain.Errorf(domain.Internal, "to serve takes a listener and a handler")
	}
	server := httpapi.Server{Handler: handler, Logger: p.config.logger()}
	err := server.Serve(ctx, listener)
	if err != nil && ctx.Err() != nil {
		p.config.logger().Warn("requests were cut off at the stop", "error", err)
		return nil //nolint:nilerr // it was stopped on request
	}
	return err
}
