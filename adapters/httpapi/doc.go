// Package httpapi serves the use cases over HTTP. It reads requests strictly, calls
// one use case for each, and writes JSON, or a problem document (RFC 9457) for any
// error.
//
// [New] builds the handler from use cases; it may be mounted anywhere, also below a
// prefix that [http.StripPrefix] removes. [Server] serves it on a listener until its
// context is done.
//
// The limits of callers who are not signed in are counted in this process alone:
// several processes behind one balancer allow several times as much.
package httpapi
