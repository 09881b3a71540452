package pg

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/internal/pgwire"
	"github.com/partywall-go/partywall/domain"
)

// maxConnLife retires connections: what a backend keeps of every schema that it has seen
// is given back with it.
const maxConnLife = 15 * time.Minute

// Connect returns a pool of one connection of login. It connects to nothing yet.
func Connect(cfg Config, login string) *sqlx.DB {
	return NewConnector(cfg, login).Pool(1)
}

// ConnectOwn returns a pool of at most size connections of Config.User. They refuse
// each statement outside a scope of [NewOwnScope].
func ConnectOwn(cfg Config, size int) *sqlx.DB {
	return NewOwnConnector(cfg).Pool(size)
}

// Pool returns a pool of at most size connections. It connects to nothing yet.
func (c *Connector) Pool(size int) *sqlx.DB {
	pool := sqlx.NewDb(sql.OpenDB(c), "postgres")
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxLifetime(maxConnLife - rand.N(maxConnLife/5)) // not those of all pools at once
	return pool
}

// Connector logs in, and makes lib/pq's connections into ours.
type Connector struct {
	Login   string
	cfg     Config
	tries   []*pq.Connector // one for each password that may be in force, the newest first
	timeout time.Duration   // see [Config.ConnectTimeout]
	ownOnly bool            // see [ConnectOwn]
	budget  *Budget         // nil: there is no bound

	described described

	Preferred atomic.Int32          // the index of the password that was accepted last
	refusal   atomic.Pointer[error] // of the last log-in; nil: it succeeded, or failed for another reason
	probing   sync.Mutex
	lastLogin atomic.Int64 // when the last log-in ended, in Unix nanoseconds
	renewed   atomic.Int64 // connections made before are given up; in Unix nanoseconds, see [Connector.renew]
}

// NewConnector returns what logs in as login: cfg.User by its passwords, every
// other login by those that are derived for it. runtime are the parameters that the
// server is asked to set.
func NewConnector(cfg Config, login string, runtime ...Setting) *Connector {
	c := &Connector{Login: login, cfg: cfg, timeout: cmp.Or(cfg.ConnectTimeout, Defaults().ConnectTimeout)}
	for _, password := range cfg.PasswordsOf(login) {
		c.tries = append(c.tries, libConnector(cfg, login, password, runtime))
	}
	return c
}

// NewOwnConnector logs in as cfg.User, see [ConnectOwn].
func NewOwnConnector(cfg Config, runtime ...Setting) *Connector {
	c := NewConnector(cfg, cfg.User, runtime...)
	c.ownOnly = true
	return c
}

func libConnector(cfg Config, login string, password domain.Secret, runtime []Setting) *pq.Connector {
	parameters := map[string]string{}
	for _, s := range runtime {
		parameters[s.Name] = s.Value
	}
	return pgwire.NewConnector(cfg.Server(), pq.Config{
		Database:         cfg.Database,
		User:             login,
		Password:         password.Reveal(),
		ApplicationName:  Application,
		BinaryParameters: true, // one round trip for a statement with arguments, also behind a pooler
		ClientEncoding:   "UTF8",
		Datestyle:        "ISO, MDY",
		Runtime:          parameters,
	})
}

// Server is where the database is, and how it is reached.
func (c Config) Server() pgwire.Server {
	return pgwire.Server{Host: c.Host, Port: c.Port, SSLMode: c.SSLMode, SSLRootCert: c.SSLRootCert}
}

// OnSocket reports whether host names a Unix socket: its folder, or with @ a name
// in Linux's abstract namespace.
func OnSocket(host string) bool { return pgwire.Server{Host: host}.OnSocket() }

// Address is where the server listens, for people: host and port, or its socket.
func (c Config) Address() string {
	_, address := c.NetworkAddress()
	return address
}

// NetworkAddress returns where the server listens, as [net.Dial] takes it.
func (c Config) NetworkAddress() (network, address string) { return c.Server().NetworkAddress() }

// URL is how others reach the database as login. The host of a Unix socket is a
// folder, which a URL has among its parameters.
func (c Config) URL(login string, password domain.Secret) string {
	u := url.URL{Scheme: "postgres", User: url.User(login), Path: "/" + c.Database}
	if !password.IsZero() {
		u.User = url.UserPassword(login, password.Reveal())
	}
	query := url.Values{"sslmode": {c.SSLMode}}
	if OnSocket(c.Host) {
		query.Set("host", c.Host)
		query.Set("port", strconv.Itoa(c.Port))
		query.Set("sslmode", "disable")
	} else {
		u.Host = net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
	}
	if c.SSLRootCert != "" && query.Get("sslmode") != "disable" {
		query.Set("sslrootcert", c.SSLRootCert)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// Driver returns lib/pq's.
func (c *Connector) Driver() driver.Driver { return &pq.Driver{} }

// Connect logs in once there is room in the budget.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	if lone, ok := ctx.(loneStatement); ok {
		ctx = lone.Context
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if c.budget == nil {
		return c.logIn(ctx)
	}
	if err := c.budget.reserve(ctx); err != nil {
		return nil, err
	}
	conn, err := c.logIn(ctx)
	if err != nil {
		c.budget.closed()
		return nil, err
	}
	if ours, ok := conn.(*Conn); ok {
		ours.budget = c.budget
	}
	return conn, nil
}

// logIn tries the password that was accepted last. Where the server refuses it, logIn
// tries the others, and the first again: a setup may change the password between two
// attempts.
func (c *Connector) logIn(ctx context.Context) (driver.Conn, error) {
	attempts := len(c.tries)
	if attempts > 1 {
		attempts++
	}
	first := int(c.Preferred.Load())
	var conn driver.Conn
	var err error
	for i := range attempts {
		n := (first + i) % len(c.tries)
		if conn, err = c.attempt(ctx, n); err == nil {
			c.Preferred.Store(int32(n))
			break
		}
		if !passwordRefused(err) {
			break
		}
	}
	c.lastLogin.Store(time.Now().UnixNano())
	if err == nil {
		c.refusal.Store(nil)
		return conn, nil
	}
	err = &loginFailure{c.Login, c.cfg.loginAdvice(c.Login, err), err}
	if LoginRefused(err) {
		c.refusal.Store(&err)
	}
	return nil, err
}

func (c *Connector) attempt(ctx context.Context, n int) (driver.Conn, error) {
	made := time.Now()
	raw, wire, err := pgwire.Connect(ctx, c.tries[n])
	if err != nil {
		return nil, err
	}
	return &Conn{libConn: raw.(libConn), watch: watch{wire: wire}, OwnOnly: c.ownOnly, described: &c.described, connector: c, made: made}, nil
}

// How long a log-in shows what the next one comes to.
const (
	loginFreshness   = 5 * time.Second
	refusalFreshness = time.Second
)

// Probe reports why the server refuses new connections: the ones that are open
// outlive a change of their password, so a ping doesn't show it. It logs in anew
// unless the last log-in is fresh, one caller at a time. A failure other than a
// refusal is nil, since the ping shows that.
func (c *Connector) Probe(ctx context.Context) error {
	c.probing.Lock()
	defer c.probing.Unlock()
	fresh := loginFreshness
	if c.refusal.Load() != nil {
		fresh = refusalFreshness
	}
	if time.Since(time.Unix(0, c.lastLogin.Load())) >= fresh {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if conn, err := c.logIn(ctx); err == nil {
			return conn.Close()
		}
	}
	if refusal := c.refusal.Load(); refusal != nil {
		return *refusal
	}
	return nil
}

// loginFailure is why no connection was made. The cause is the server's or the
// network's error, so a request that meets it may succeed later.
type loginFailure struct {
	login  string
	advice string // what the operator does about it, or ""
	err    error
}

func (e *loginFailure) Error() string {
	if e.advice == "" {
		return "log in as " + e.login + ": " + e.err.Error()
	}
	return fmt.Sprintf("log in as %s: %s (%v)", e.login, e.advice, e.err)
}

func (e *loginFailure) Unwrap() error { return e.err }

// PasswordsOf returns the passwords that may be in force for login, the newest
// first. There is at least one, which is zero where none is configured.
func (c Config) PasswordsOf(login string) []domain.Secret {
	if login == c.User {
		return distinct(c.Password, c.PasswordOld)
	}
	var passwords []domain.Secret
	for _, secret := range c.secrets() {
		passwords = append(passwords, DerivedPassword(secret, login))
	}
	return passwords
}

// secrets are what the passwords of our logins may be derived from, the newest
// first.
func (c Config) secrets() []domain.Secret {
	if c.GateSecret.IsZero() {
		return distinct(c.Password, c.GateSecretOld, c.PasswordOld)
	}
	return distinct(c.GateSecret, c.GateSecretOld)
}

// WithoutOld is the configuration once a change of secrets is over: what logs in by
// it shows that the new ones are in force.
func (c Config) WithoutOld() Config {
	c.PasswordOld, c.GateSecretOld = domain.Secret{}, domain.Secret{}
	return c
}

// Secret is what the passwords of our logins are derived from.
func (c Config) Secret() domain.Secret { return c.secrets()[0] }

// distinct returns newest and those of older that are set, each once.
func distinct(newest domain.Secret, older ...domain.Secret) []domain.Secret {
	all := []domain.Secret{newest}
	for _, secret := range older {
		known := secret.IsZero()
		for _, other := range all {
			known = known || other == secret
		}
		if !known {
			all = append(all, secret)
		}
	}
	return all
}

// passwordRefused reports whether the server, or a pooler before it, refuses the
// password, so that an older or newer one may be in force.
func passwordRefused(err error) bool {
	e := ServerError(err)
	return e != nil && (e.Code == pqerror.InvalidPassword || e.Code == pqerror.ProtocolViolation && Fatal(e))
}
