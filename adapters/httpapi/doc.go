// Package httpapi serves the use cases over HTTP: it reads requests strictly,
// calls one use case each, and writes JSON, or a problem document (RFC 9457)
// for whatever went wrong.
//
// [New] builds the handler from use cases that are ready to be called; it may be
// mounted anywhere, also below a prefix that [http.StripPrefix] takes off.
// [Server] serves it on a listener until it is told to stop.
//
// What limits callers who aren't signed in is counted in this process alone:
// several processes behind one balancer allow several times as much.
package httpapi
