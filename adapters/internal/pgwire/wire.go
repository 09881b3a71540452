// Package pgwire makes lib/pq's connections safe: it encrypts them as DB_SSLMODE
// says, and requires the server to prove by SCRAM that it has the password before it
// is sent a password or a statement.
package pgwire

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Server is where a server listens, and how it is reached.
type Server struct {
	Host        string // a name, an address, the folder of a Unix socket, or @name in Linux's abstract namespace
	Port        int
	SSLMode     string // disable, require, verify-ca or verify-full; without effect on a Unix socket
	SSLRootCert string // a file of authorities in PEM; empty: libpq's own, else the system's
}

// OnSocket reports whether the server listens on a Unix socket.
func (s Server) OnSocket() bool { return filepath.IsAbs(s.Host) || strings.HasPrefix(s.Host, "@") }

// NetworkAddress returns the network and the address of the server, as lib/pq forms
// them.
func (s Server) NetworkAddress() (network, address string) {
	if s.OnSocket() {
		return "unix", filepath.Join(s.Host, ".s.PGSQL."+strconv.Itoa(s.Port))
	}
	return "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// noPassword stands for no password, because lib/pq reads ~/.pgpass if the password
// is empty. It is never sent: [proof] refuses a server that asks for a password.
const noPassword = "none"

// NewConnector returns a connector to the server as cfg.User with cfg.Password, which
// may be empty. Use it by [Connect]: by itself it makes connections that cancel.
func NewConnector(s Server, cfg pq.Config) *pq.Connector {
	passwordless := cfg.Password == ""
	if passwordless {
		cfg.Password = noPassword
	}
	cfg.Host, cfg.Port, cfg.SSLMode = s.Host, uint16(s.Port), pq.SSLModeDisable // the dialer does TLS
	c, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		panic(err) // lib/pq refuses no struct
	}
	c.Dialer(&dialer{server: s, login: cfg.User, passwordless: passwordless})
	return c
}

// Connect logs in by the result of [NewConnector], and ends with ctx, which lib/pq
// does only while it dials. The second result is what lies below the first.
//
// An error is the server's, the network's, ctx's, a [*TLSFailure] or an [*Unproven].
func Connect(ctx context.Context, c *pq.Connector) (driver.Conn, *Wire, error) {
	var l login
	conn, err := c.Connect(context.WithValue(ctx, loginKey{}, &l))
	interrupted := !l.finish()
	switch {
	case err == nil && interrupted:
		_ = conn.Close()
		return nil, nil, ctx.Err()
	case interrupted:
		return nil, nil, err
	case err != nil:
		if alert, ok := errors.AsType[tls.AlertError](err); ok { // in TLS 1.3 it comes behind the handshake
			return nil, nil, &TLSFailure{alert}
		}
		return nil, nil, l.proof.explain(err)
	}
	l.wire.cancelKey = l.proof.cancelKey
	return conn, l.wire, nil
}

// Connector is the result of [NewConnector], for database/sql.
type Connector struct{ *pq.Connector }

// Connect is [Connect].
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, _, err := Connect(ctx, c.Connector)
	return conn, err
}

// longAgo is a deadline that ends every wait for the network at once.
var longAgo = time.Unix(1, 0)
