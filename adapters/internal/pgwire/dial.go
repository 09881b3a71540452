package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// connectTimeout bounds a connection that cancels.
const connectTimeout = 5 * time.Second

// login is the time between dialing and being logged in.
type login struct {
	wire  *Wire
	proof *proof
	stop  func() bool
}

type loginKey struct{}

// watch breaks the connection off when the context is done.
func (l *login) watch(ctx context.Context, wire *Wire) {
	l.wire = wire
	l.stop = context.AfterFunc(ctx, wire.Break)
}

// finish ends the watch and reports whether nothing was broken off.
func (l *login) finish() bool { return l.stop == nil || l.stop() }

// dialer dials for lib/pq. It does two things that lib/pq cannot: it encrypts the
// connection as DB_SSLMODE says, and requires the server to prove itself before
// lib/pq answers it. A connection that cancels a statement has no log-in, and ends
// within connectTimeout: lib/pq would wait for its end without a limit.
type dialer struct {
	net.Dialer
	server       Server
	login        string
	passwordless bool
}

func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l, loggingIn := ctx.Value(loginKey{}).(*login)
	if loggingIn {
		l.watch(ctx, &Wire{bare: raw, dialer: d, network: network, address: address})
	} else if err := raw.SetDeadline(time.Now().Add(connectTimeout)); err != nil {
		_ = raw.Close()
		return nil, err
	}
	secured, err := d.server.secure(ctx, raw)
	switch {
	case err != nil:
		_ = raw.Close()
		return nil, err
	case !loggingIn:
		return secured, nil
	}
	l.proof = &proof{Conn: secured, login: d.login, passwordless: d.passwordless, verified: d.server.verified()}
	return l.proof, nil
}

func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// secure encrypts a connection, unless it is to a Unix socket or DB_SSLMODE is
// disable. It refuses a server that offers no encryption, and never returns to clear
// text.
func (s Server) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if !s.Encrypts() {
		return raw, nil
	}
	settings, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	if err := RequestTLS(raw); err != nil {
		return nil, err
	}
	// tls reads from the bare connection: bytes that an attacker sent after the server's
	// one byte in clear text are no handshake, and fail.
	secured := tls.Client(raw, settings)
	switch err := secured.HandshakeContext(ctx); {
	case err == nil:
		return secured, nil
	case brokenOff(err):
		return nil, fmt.Errorf("the connection ended during the TLS handshake: %w", err)
	default:
		return nil, &TLSFailure{err}
	}
}

// brokenOff reports whether a handshake failed because the connection ended or took
// too long, as in a restart of the server: the next attempt may succeed.
func brokenOff(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout() || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, context.Canceled)
}

// RequestTLS asks the server for TLS as "Message Flow, SSL Session Encryption" in
// PostgreSQL's manual says. It reads the one byte of the answer and no more.
func RequestTLS(raw net.Conn) error {
	sslRequest := []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}
	if _, err := raw.Write(sslRequest); err != nil {
		return err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(raw, answer); err != nil {
		return err
	}
	switch answer[0] {
	case 'S':
		return nil
	case 'N':
		return &TLSFailure{ErrNoTLS}
	case 'E': // it could start no process for the connection
		return fmt.Errorf("the server answered the request for TLS with an error: %w", io.ErrUnexpectedEOF)
	}
	return &TLSFailure{errNotPostgres}
}

// ErrNoTLS is in a [*TLSFailure] where the server offers none.
var ErrNoTLS = errors.New("the server does not offer TLS")

var errNotPostgres = errors.New("the server that answers is not PostgreSQL")

// TLSFailure is why a connection could not be encrypted, or the server's certificate
// not be trusted.
type TLSFailure struct{ Err error }

func (e *TLSFailure) Error() string { return e.Err.Error() }
func (e *TLSFailure) Unwrap() error { return e.Err }
