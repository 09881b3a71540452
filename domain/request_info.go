package domain

import (
	"context"
	"net/netip"
)

// RequestInfo describes the request on whose behalf a use case runs, for the events
// that it records. It proves nothing.
type RequestInfo struct {
	ID      string     // by which the log names the request
	Address netip.Addr // of the caller; zero: unknown
}

type requestInfoKey struct{}

// WithRequestInfo returns a context of the request. The API and the command line
// call it; a product that calls use cases outside a request may.
func WithRequestInfo(ctx context.Context, info RequestInfo) context.Context {
	return context.WithValue(ctx, requestInfoKey{}, info)
}

// RequestInfoOf returns the request that ctx belongs to, and the zero RequestInfo if
// it belongs to none.
func RequestInfoOf(ctx context.Context) RequestInfo {
	info, _ := ctx.Value(requestInfoKey{}).(RequestInfo)
	return info
}
