package pg

import (
	"cmp"
	"context"
	"crypto/x509"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// The choices of [Config.Roles].
const (
	RolesAuto = "auto" // decided at the first setup: on if the user may make roles
	RolesOn   = "on"
	RolesOff  = "off" // the path is the only wall
)

// Config says how to reach the database, and what a tenant is made of. [Defaults]
// returns the values of fields that may be zero.
type Config struct {
	// Host is a name or an address. An absolute path is the folder of the server's Unix
	// socket, and @name a socket in Linux's abstract namespace.
	Host     string
	Port     int
	User     string        // owns everything, provisions and migrates
	Password domain.Secret // of User; empty: the server lets User in by a Unix socket in a folder or a verified certificate
	Database string

	// SSLMode is disable, require, verify-ca or verify-full; by default, what
	// [DefaultSSLMode] returns for Host. It doesn't count on a Unix socket.
	SSLMode string

	// MaxConns is how many connections are held at most, and is 3 or more. Of 20, two
	// are to provision, six for the system, two for the schema shared if there are
	// SharedMigrations, and the rest for the gate.
	MaxConns int

	// MaxTenantConns returns how many connections a tenant may use at once, and 0 for no
	// limit. By default no tenant has a limit.
	MaxTenantConns func(id domain.TenantID) int

	// GateSecret is what the passwords of the system and gate logins are derived
	// from; by default Password is. A change needs a Setup.
	GateSecret domain.Secret

	// PasswordOld and GateSecretOld are what Password and GateSecret were before a
	// change. A login that is refused with the new one uses the old one until Setup
	// has set the new one, and until the last process with the old one has ended.
	PasswordOld, GateSecretOld domain.Secret

	// SSLRootCert is a file of the authorities that the server's certificate may
	// come from, in PEM; by default they are the system's. RDS has its own.
	SSLRootCert string

	// AcquireTimeout is how long a caller waits for a connection while all are
	// busy; then the database is [domain.Unavailable] to them.
	AcquireTimeout time.Duration

	// ConnectTimeout is how long opening a connection takes at most, with the log-in.
	ConnectTimeout time.Duration

	StatementTimeout time.Duration // of one statement
	LockTimeout      time.Duration // of waiting for a lock
	IdleTimeout      time.Duration // of a transaction between two statements

	// MigrationPatience is how long Setup tries again what waits for the locks of
	// other sessions.
	MigrationPatience time.Duration

	// Roles says whether each tenant has a role, the second wall: [RolesAuto] by
	// default, [RolesOn] or [RolesOff].
	Roles string

	// TenantMigrations are run in every tenant's schema, SharedMigrations once, in
	// the schema "shared". They are files named like 0001_invoices.sql, in the order
	// of their numbers, at the root of the file system; nil: none.
	TenantMigrations, SharedMigrations fs.FS

	// Program is the name under which the product's operators run its commands; it
	// stands in what they read. Empty: Partywall's own, "partywall".
	Program string

	// OnProvision, if set, ends the making of a tenant: it runs in the same
	// transaction, as User, with the tenant's schema on the path. An error or a
	// panic of it undoes all, and reaches the creator of the tenant as it is. A
	// COMMIT of its own, though, keeps what was made until then; that's
	// [CodeScopeEnded].
	OnProvision func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, owner domain.Identity) error

	Logger *slog.Logger // nil: nothing is logged
}

// Defaults returns the values of the fields that may be zero. SSLMode depends on the
// host: see [DefaultSSLMode].
func Defaults() Config {
	return Config{
		Host:              "localhost",
		Port:              5432,
		MaxConns:          20,
		AcquireTimeout:    5 * time.Second,
		ConnectTimeout:    5 * time.Second,
		StatementTimeout:  30 * time.Second,
		LockTimeout:       5 * time.Second,
		IdleTimeout:       30 * time.Second,
		MigrationPatience: time.Minute,
		Roles:             RolesAuto,
	}
}

// DefaultSSLMode returns disable for a host whose connections stay on this machine, and
// verify-full for any other.
func DefaultSSLMode(host string) string {
	if OnSocket(host) || domain.IsLoopback(host) {
		return string(pq.SSLModeDisable)
	}
	return string(pq.SSLModeVerifyFull)
}

// WithDefaults returns the configuration with its defaults, or what is wrong with it.
func (c Config) WithDefaults() (Config, error) {
	d := Defaults()
	c.Host = cmp.Or(c.Host, d.Host)
	c.Port = cmp.Or(c.Port, d.Port)
	c.SSLMode = cmp.Or(c.SSLMode, DefaultSSLMode(c.Host))
	c.MaxConns = cmp.Or(c.MaxConns, d.MaxConns)
	c.AcquireTimeout = cmp.Or(c.AcquireTimeout, d.AcquireTimeout)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, d.ConnectTimeout)
	c.StatementTimeout = cmp.Or(c.StatementTimeout, d.StatementTimeout)
	c.LockTimeout = cmp.Or(c.LockTimeout, d.LockTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, d.IdleTimeout)
	c.MigrationPatience = cmp.Or(c.MigrationPatience, d.MigrationPatience)
	c.Roles = cmp.Or(c.Roles, d.Roles)
	if c.MaxTenantConns == nil {
		c.MaxTenantConns = func(domain.TenantID) int { return 0 }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.User == "":
		return c, domain.Invalidf("DB_USER", "name the user that owns the database")
	case c.Database == "":
		return c, domain.Invalidf("DB_NAME", "name the database")
	case OnSocket(c.Host) && len(c.Address()) > maxSocketPath:
		return c, domain.Invalidf("DB_HOST", "the path of the server's socket, %s, has more than %d bytes: choose a shorter folder in unix_socket_directories", c.Address(), maxSocketPath)
	case c.Port < 1 || c.Port > 65535:
		return c, domain.Invalidf("DB_PORT", "a port is a number from 1 to 65535")
	case c.MaxConns < 3:
		return c, domain.Invalidf("DB_MAX_CONNS", "at least 3 connections are needed: to provision, for the system, for the gate")
	case !validSSLMode(c.SSLMode):
		return c, domain.Invalidf("DB_SSLMODE", "it is one of disable, require, verify-ca, verify-full")
	case c.Roles != RolesAuto && c.Roles != RolesOn && c.Roles != RolesOff:
		return c, domain.Invalidf("TENANT_ROLES", "it is one of auto, on, off")
	}
	if err := c.checkTimeouts(); err != nil {
		return c, err
	}
	return c, c.checkAuthorities()
}

// maxSocketPath is what an address of a Unix socket holds on every system.
const maxSocketPath = 103

// checkAuthorities reads SSLRootCert as lib/pq will, which says less clearly what
// is wrong with it.
func (c Config) checkAuthorities() error {
	if c.SSLRootCert == "" {
		return nil
	}
	file, err := os.ReadFile(c.SSLRootCert)
	switch {
	case err != nil:
		return domain.Invalidf("DB_SSLROOTCERT", "it can't be read: %v", err)
	case !x509.NewCertPool().AppendCertsFromPEM(file):
		return domain.Invalidf("DB_SSLROOTCERT", "%s has no certificate in PEM", c.SSLRootCert)
	}
	return nil
}

func (c Config) checkTimeouts() error {
	for _, t := range []struct {
		field string
		value time.Duration
	}{
		{"DB_ACQUIRE_TIMEOUT", c.AcquireTimeout},
		{"connectTimeout", c.ConnectTimeout},
		{"DB_STATEMENT_TIMEOUT", c.StatementTimeout},
		{"DB_LOCK_TIMEOUT", c.LockTimeout},
		{"DB_IDLE_TIMEOUT", c.IdleTimeout},
		{"patience", c.MigrationPatience},
	} {
		if err := CheckTimeout(t.field, t.value); err != nil {
			return err
		}
	}
	return nil
}

// CheckTimeout refuses a timeout that PostgreSQL, which counts milliseconds, takes for none.
func CheckTimeout(field string, timeout time.Duration) error {
	if timeout < time.Millisecond {
		return domain.Invalidf(field, "a timeout is at least 1 ms")
	}
	return nil
}

func validSSLMode(mode string) bool {
	switch pq.SSLMode(mode) {
	case pq.SSLModeDisable, pq.SSLModeRequire, pq.SSLModeVerifyCA, pq.SSLModeVerifyFull:
		return true
	}
	return false
}

// PoolSizes shares MaxConns out: a small installation has fewer of each.
func (c Config) PoolSizes() (provision, system, gate int) {
	provision = min(2, max(1, c.MaxConns/10))
	system = min(6, max(1, c.MaxConns*3/10))
	return provision, system, c.MaxConns - provision - system - c.SharedSize()
}

// maxSharedConns is the most connections that DB.InShared holds.
const maxSharedConns = 2

// SharedSize is how many of MaxConns are for DB.InShared: none where there is
// nothing in the schema shared, and none of the three that all else needs.
func (c Config) SharedSize() int {
	if c.SharedMigrations == nil || c.MaxConns <= 3 {
		return 0
	}
	return min(maxSharedConns, max(1, c.MaxConns/10))
}

// HasShared returns nil if there is a schema shared with a connection for it.
func (c Config) HasShared() error {
	switch {
	case c.SharedMigrations == nil:
		return domain.Errorf(domain.Internal, "there is nothing in the schema shared: set SharedMigrations in the configuration")
	case c.SharedSize() == 0:
		return domain.Errorf(domain.Internal, "DB_MAX_CONNS leaves no connection for the schema shared: set it to 4 or more")
	}
	return nil
}

// HostAndPort is where the server is, for the operator.
func (c Config) HostAndPort() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }
