package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

const (
	connectTimeout = 5 * time.Second // of a connection, log-in included

	// maxConnLife retires connections: what a backend keeps of every schema that it
	// has seen is given back with it.
	maxConnLife = 15 * time.Minute
)

// connect returns a pool of at most size connections of login. It connects to
// nothing yet.
func connect(cfg Config, login string, password domain.Secret, size int) (*sqlx.DB, error) {
	return connectPool(cfg, login, password, size, false)
}

// connectOwn is connect for Config.User. Its connections refuse each statement
// outside a scope of [newOwnScope].
func connectOwn(cfg Config, size int) (*sqlx.DB, error) {
	return connectPool(cfg, cfg.User, cfg.Password, size, true)
}

func connectPool(cfg Config, login string, password domain.Secret, size int, ownOnly bool) (*sqlx.DB, error) {
	c, err := pq.NewConnectorConfig(pq.Config{
		Host:             cfg.Host,
		Port:             uint16(cfg.Port),
		Database:         cfg.Database,
		User:             login,
		Password:         password.Reveal(),
		ApplicationName:  "partywall",
		SSLMode:          pq.SSLMode(cfg.SSLMode),
		SSLRootCert:      cfg.SSLRootCert,
		SSLSNI:           true,
		BinaryParameters: true, // one round trip for a statement with arguments, also behind a pooler
		ClientEncoding:   "UTF8",
		Datestyle:        "ISO, MDY",
	})
	if err != nil {
		return nil, err
	}
	c.Dialer(&dialer{})
	pool := sqlx.NewDb(sql.OpenDB(connector{c, ownOnly}), "postgres")
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxLifetime(maxConnLife)
	return pool, nil
}

// connector makes lib/pq's connections into ours, and has them heed the context
// until they are logged in, which lib/pq does only while it dials.
type connector struct {
	*pq.Connector
	ownOnly bool // see [connectOwn]
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var l login
	raw, err := c.Connector.Connect(context.WithValue(ctx, loginKey{}, &l))
	if interrupted := !l.finish(); err == nil && interrupted {
		_ = raw.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return &conn{libConn: raw.(libConn), watch: watch{wire: l.wire}, ownOnly: c.ownOnly}, nil
}

// login is the time between dialing and being logged in.
type login struct {
	wire net.Conn
	stop func() bool
}

type loginKey struct{}

// watch breaks the connection off when the context is done.
func (l *login) watch(ctx context.Context, wire net.Conn) {
	l.wire = wire
	l.stop = context.AfterFunc(ctx, func() { _ = wire.SetDeadline(longAgo) })
}

// finish ends the watch and reports whether nothing was broken off.
func (l *login) finish() bool { return l.stop == nil || l.stop() }

// dialer dials as lib/pq's own does, and begins the log-in. Where lib/pq dials
// to cancel a statement there is none, and it waits for the end without a limit.
type dialer struct{ net.Dialer }

func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if l, ok := ctx.Value(loginKey{}).(*login); ok {
		l.watch(ctx, c)
		return c, nil
	}
	return c, c.SetDeadline(time.Now().Add(connectTimeout))
}

func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
