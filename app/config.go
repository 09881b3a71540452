package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Config is everything that [New] needs to know. [ConfigFromEnv] reads it from
// the environment; a product may also write it by hand: a zero field means what
// [DefaultConfig] says.
type Config struct {
	Port      int
	Host      string   // empty: 127.0.0.1 while something built in is active, else all addresses
	PublicURL *url.URL // where links in mails and local signed URLs point

	// Program is the name under which the product's operators run its commands, such
	// as "invoices"; messages that name a command to run have it. Package app/cli sets
	// it. Empty: "partywall", or no name where there are migrations or a hook below.
	Program string

	Memory  bool   // keep everything in memory, and nothing after the end
	DataDir string // of what is built in; closed to other users

	Database Database
	Cognito  Cognito
	S3       S3
	Region   string // AWS; empty: the pool's

	RequireConfirmation bool         // the built-in identities wait for a code before they let a new user in
	EmailSender         domain.Email // zero: mail goes to the log
	SESRegion           string       // empty: Region

	// Mail, if set, sends what Partywall sends, in place of SES and the log. A user
	// pool sends its own mails all the same.
	Mail ports.Mailer

	TenantCreation  tenants.CreationPolicy
	TenantsPerOwner int // that one user may own, unless the operator makes them
	OperatorKeys    access.OperatorKeys

	UploadMaxSize     int64 // bytes
	UploadRequireSize bool

	// TrustedProxies are the addresses whose X-Forwarded-For counts. Nil doesn't say
	// whether there are any, and an https PublicURL makes the log and the doctor ask;
	// a list that is empty says that there are none.
	TrustedProxies []netip.Prefix

	AllowOrigins []string // whose pages may call the API, each as browsers send it
	HideDocs     bool     // serve neither /docs, a page to read and try the API, nor /openapi.json

	Logger *slog.Logger // nil: nothing is logged

	// Keys are the secrets of what is built in: they sign its tokens and URLs.
	// Nil: kept in DataDir, or made anew with Memory.
	Keys *idp.Keys

	// Hasher hashes the passwords of the built-in identities. Nil: Argon2id, or with
	// Memory a fast one. Package apptest takes [memory.Hasher], to be fast.
	Hasher idp.Hasher

	// TenantMigrations are run in the schema of every tenant, SharedMigrations once
	// in the schema "shared": files at the root of the file system, numbered from 1
	// without a gap, such as 0001_invoices.sql. [Setup] runs those that are new.
	// On memory there is no SQL, and nothing of this is run.
	TenantMigrations, SharedMigrations fs.FS

	// OnProvision, if set, is called last when a tenant is made: by its creation, or
	// by the claim of its owner. It runs in the same transaction, as Database.User,
	// with the tenant's schema on the path. Its error undoes all, and is what the
	// creator gets. It must neither end the transaction itself, which leaves no
	// tenant, nor keep tx.
	OnProvision func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, owner domain.Identity) error

	// Resolve names a request's tenant besides X-Tenant-ID, which proves nothing
	// yet; [Subdomain] makes one. Where both name one, they must agree. The zero
	// TenantID names none.
	Resolve func(*http.Request) (domain.TenantID, error)
}

// Database says which PostgreSQL to use. No Host: a private one, below DataDir.
type Database struct {
	Host        string
	Port        int
	User        string
	Password    domain.Secret
	Name        string
	SSLMode     string
	MaxConns    int
	SSLRootCert string        // a file of authorities in PEM; empty: the system's
	GateSecret  domain.Secret // the logins of the system and the gates are derived from it; empty: from Password
	Roles       string        // TENANT_ROLES: auto, on, off

	// PasswordOld and GateSecretOld are Password and GateSecret before a change: used
	// where the new ones are refused.
	PasswordOld, GateSecretOld domain.Secret

	AcquireTimeout   time.Duration // of waiting for a connection to a tenant
	StatementTimeout time.Duration
	LockTimeout      time.Duration
	IdleTimeout      time.Duration // of a transaction that waits for its client

	// MigrationPatience is how long [Setup] tries again what waits for the locks of
	// other sessions. 0 is 1 min.
	MigrationPatience time.Duration
}

// Cognito says which user pool to use. No PoolID: the built-in identities.
type Cognito struct {
	PoolID       string
	ClientID     string
	ClientSecret domain.Secret
	Issuer       string // empty: from region and pool
	JWKSURL      string // empty: of the issuer

	// ExtraClientIDs are other app clients of the pool whose tokens are accepted, such as
	// a mobile app's. The API itself signs in and refreshes with ClientID alone.
	ExtraClientIDs []string
}

// S3 says which bucket to use. No Bucket: files on disk, below DataDir.
type S3 struct {
	Bucket         string
	ForcePathStyle bool
	Region         string // empty: Config.Region

	// PublicEndpoint is where clients reach the store, if it isn't where this process
	// does: signed URLs lead there. A proxy on the way must leave the Host header and
	// the path as they are, since both are signed. Nil: the process's own endpoint.
	PublicEndpoint *url.URL

	// WithoutIsolation opens the store although its server lets the holder of one
	// tenant's signed URL reach another tenant's files. It is for trying things out
	// against an emulator. [New] tries any server but Amazon's, and refuses without
	// it one that doesn't keep them apart.
	WithoutIsolation bool
}

// BuiltIn names the parts that run inside the program because nothing else was
// configured: "database", "identities", "files".
func (c Config) BuiltIn() []string {
	var parts []string
	if c.Memory || c.Database.Host == "" {
		parts = append(parts, "database")
	}
	if c.Memory || c.Cognito.PoolID == "" {
		parts = append(parts, "identities")
	}
	if c.Memory || c.S3.Bucket == "" {
		parts = append(parts, "files")
	}
	return parts
}

// ListenHost returns the host to listen on: Host, or what its absence means.
func (c Config) ListenHost() string {
	switch {
	case c.Host != "":
		return c.Host
	case len(c.BuiltIn()) > 0:
		return "127.0.0.1"
	}
	return ""
}

// withDefaults returns c with what [DefaultConfig] says for its zero fields.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	c.Port = cmp.Or(c.Port, d.Port)
	if c.PublicURL == nil {
		c.PublicURL = &url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", strconv.Itoa(c.Port))}
	}
	c.DataDir = cmp.Or(c.DataDir, d.DataDir)
	c.Region = cmp.Or(c.Region, regionOfPool(c.Cognito.PoolID))
	if c.Cognito.PoolID != "" {
		c.Cognito.Issuer = cmp.Or(c.Cognito.Issuer, tokens.CognitoURLs(cmp.Or(regionOfPool(c.Cognito.PoolID), c.Region), c.Cognito.PoolID)[0])
		c.Cognito.JWKSURL = cmp.Or(c.Cognito.JWKSURL, c.Cognito.Issuer+"/.well-known/jwks.json")
	}
	c.Database.Port = cmp.Or(c.Database.Port, d.Database.Port)
	c.Database.Name = cmp.Or(c.Database.Name, d.Database.Name)
	c.Database.SSLMode = cmp.Or(c.Database.SSLMode, defaultSSLMode(c.Database.Host))
	c.Database.MaxConns = cmp.Or(c.Database.MaxConns, d.Database.MaxConns)
	c.Database.Roles = cmp.Or(c.Database.Roles, d.Database.Roles)
	c.Database.AcquireTimeout = cmp.Or(c.Database.AcquireTimeout, d.Database.AcquireTimeout)
	c.Database.StatementTimeout = cmp.Or(c.Database.StatementTimeout, d.Database.StatementTimeout)
	c.Database.LockTimeout = cmp.Or(c.Database.LockTimeout, d.Database.LockTimeout)
	c.Database.IdleTimeout = cmp.Or(c.Database.IdleTimeout, d.Database.IdleTimeout)
	c.TenantCreation = cmp.Or(c.TenantCreation, d.TenantCreation)
	c.TenantsPerOwner = cmp.Or(c.TenantsPerOwner, d.TenantsPerOwner)
	c.UploadMaxSize = cmp.Or(c.UploadMaxSize, d.UploadMaxSize)
	return c
}

// checkAllowedOrigins refuses origins that no browser sends.
func (c Config) checkAllowedOrigins() error {
	var errs []error
	for _, origin := range c.AllowOrigins {
		if err := httpapi.CheckOrigin(origin); err != nil {
			errs = append(errs, fmt.Errorf("CORS_ALLOW_ORIGINS (Config.AllowOrigins): %q: %w", origin, err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}
