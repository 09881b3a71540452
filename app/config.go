package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/mails"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Config is the complete configuration of [New]. [ConfigFromEnv] reads it from
// the environment. A product may also build it in Go; a zero field then has the value
// of [DefaultConfig].
type Config struct {
	Port      int
	Host      string   // empty: 127.0.0.1 while a built-in part is active, all addresses otherwise
	PublicURL *url.URL // where links in mails and local signed URLs point

	// InvitationURL is the page that accepts an invitation. Links have the token in the
	// query parameter "token". Nil: /invitations/accept below PublicURL.
	InvitationURL *url.URL

	// Program is the name of the program whose commands the product's operators run, such
	// as "invoices". Messages that advise a command contain it. Package app/cli sets
	// it. Empty: "partywall", or no name if there are migrations or a hook below.
	Program string

	Memory  bool   // keep everything in memory; all data are lost at the end
	DataDir string // of the built-in parts; closed to other users

	Database Database
	Cognito  Cognito
	S3       S3
	Region   string // AWS; empty: the pool's

	RequireConfirmation bool         // the built-in identities require a code before a new user can sign in
	EmailSender         domain.Email // zero: mail goes to the log
	SESRegion           string       // empty: Region

	// Mail, if set, sends Partywall's mail, in place of SES and the log. A user
	// pool still sends its own mail.
	Mail ports.Mailer

	// RenderMail, if set, writes Partywall's mails in place of [mails.Default]: in the
	// product's words, languages and design. A product that replaces only some of them
	// calls [mails.Default] for the others. It may be called by several goroutines at
	// once. If it fails, the mail of an event is tried again later, and that of a request
	// is not sent.
	RenderMail mails.Renderer

	TenantCreation  tenants.CreationPolicy
	TenantsPerOwner int // how many tenants a user may own, except those that the operator creates

	// TenantMaxRequests and TenantMaxConnections limit what one tenant takes of this process:
	// the requests of its members that are in flight, and the connections to the database.
	// The operator gives single tenants other limits. Zero means 1,000 requests and any
	// number of connections, and a negative one no limit.
	TenantMaxRequests, TenantMaxConnections int

	EventRetention time.Duration // how long events are kept; 0: 400 days
	OperatorKeys   access.OperatorKeys

	// TenantGrace is how long a deleted tenant can be restored. Zero means 30 days, and
	// a negative one that it cannot be restored.
	TenantGrace time.Duration

	UploadMaxSize     int64 // bytes
	UploadRequireSize bool

	// TrustedProxies are the addresses whose X-Forwarded-For counts. Nil means unknown:
	// with an https PublicURL, the log and the doctor then ask for them. An empty list
	// means that there are none.
	TrustedProxies []netip.Prefix

	AllowOrigins []string // of pages that may call the API, as browsers send them
	HideDocs     bool     // serve neither /docs, a page to read and try the API, nor /openapi.json

	Logger *slog.Logger // nil: nothing is logged

	// Keys contains the secrets of the built-in parts, which sign tokens and URLs.
	// Nil: stored in DataDir, or newly generated with Memory.
	Keys *idp.Keys

	// Hasher hashes the passwords of the built-in identities. Nil: Argon2id, or a fast
	// hasher with Memory. Package apptest uses [memory.Hasher] because it is fast.
	Hasher idp.Hasher

	// TenantMigrations run in the schema of every tenant, SharedMigrations once
	// in the schema "shared". They are files at the root of the file system, whose names
	// begin with ascending numbers, such as 0001_invoices.sql. Folders of goose and
	// golang-migrate work as they are. [Setup] runs the new ones.
	// With Memory there is no SQL, and none of them runs.
	TenantMigrations, SharedMigrations fs.FS

	// OnProvision, if set, is the last step of creating a tenant, or of
	// claiming one. It runs in the same transaction, as Database.User,
	// with the tenant's schema on the search path. If it returns an error, everything is
	// rolled back, and the creator gets that error. It must not keep tx, nor end the
	// transaction itself; if it does, no tenant is created.
	OnProvision func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, owner domain.Identity) error

	// Permissions are the product's own: each with the roles that have it, such as
	// "send invoices": {domain.RoleOwner, domain.RoleAdmin}. Member.Require takes them.
	Permissions map[domain.Permission][]domain.Role

	// ReadSettings reads the settings of the tenant with every proof of a member, in the
	// same look-up, so that [access.Member.Settings] returns them. Each request of a
	// member then reads up to 64 KiB.
	ReadSettings bool

	// ValidateSettings, if set, refuses settings of a tenant that the product does not
	// accept. A [domain.Error] comes back as it is. The text of any other error is shown
	// to the caller, as a 400 on field "settings".
	ValidateSettings func(ctx context.Context, id domain.TenantID, settings domain.Settings) error

	// Resolve returns the tenant that a request names besides X-Tenant-ID, without a proof
	// of membership. [Subdomain] returns such a function. If both name a tenant, they must
	// agree. The zero TenantID names none.
	Resolve func(*http.Request) (domain.TenantID, error)
}

// Database selects the PostgreSQL server. Without Host, it is a private one below DataDir.
type Database struct {
	Host        string
	Port        int
	User        string
	Password    domain.Secret
	Name        string
	SSLMode     string
	MaxConns    int           // connections of this process in all
	SSLRootCert string        // a file of authorities in PEM; empty: the system's
	GateSecret  domain.Secret // the passwords of the system and gate logins are derived from it; empty: from Password
	Roles       string        // TENANT_ROLES: auto, on, off

	// PasswordOld and GateSecretOld are Password and GateSecret before a change. They are used
	// when the new ones are refused.
	PasswordOld, GateSecretOld domain.Secret

	ConnectTimeout   time.Duration // of opening a connection, with the log-in; 5 s by default
	AcquireTimeout   time.Duration // limit of the wait for a connection to a tenant
	StatementTimeout time.Duration // limit of a statement
	LockTimeout      time.Duration // limit of a statement's wait for a lock
	IdleTimeout      time.Duration // of a transaction that waits for its client

	// MigrationPatience is how long [Setup] retries statements that wait for locks of
	// other sessions.
	MigrationPatience time.Duration
}

// Cognito selects the user pool. Without PoolID, identities are built in.
type Cognito struct {
	PoolID       string
	ClientID     string
	ClientSecret domain.Secret
	Issuer       string // empty: from region and pool
	JWKSURL      string // empty: of the issuer

	// ExtraClientIDs are other app clients of the pool whose tokens are accepted, such as
	// a mobile app's. The API itself signs users in and refreshes only with ClientID.
	ExtraClientIDs []string
}

// S3 selects the bucket. Without Bucket, files are stored on disk, below DataDir.
type S3 struct {
	Bucket         string
	ForcePathStyle bool
	Region         string // empty: Config.Region

	// PublicEndpoint is the address at which clients reach the store, if it differs from
	// this process's. Signed URLs contain it. A proxy in between must not change the Host
	// header or the path, because both are signed. Nil: the process's own endpoint.
	PublicEndpoint *url.URL

	// WithoutIsolation opens the store even if its server lets the bearer of one
	// tenant's signed URL reach another tenant's files. It is meant for trials
	// with an emulator. Without it, [New] tests every server but Amazon's, and refuses one
	// that does not keep tenants' files apart.
	WithoutIsolation bool
}

// BuiltIn names the parts that run inside the program because no other system is
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

// ListenHost returns the host to listen on: Host, or its default.
func (c Config) ListenHost() string {
	switch {
	case c.Host != "":
		return c.Host
	case len(c.BuiltIn()) > 0:
		return "127.0.0.1"
	}
	return ""
}

// withDefaults returns c with the values of [DefaultConfig] for its zero fields.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	c.Port = cmp.Or(c.Port, d.Port)
	if c.PublicURL == nil {
		c.PublicURL = localURL(c.Port)
	}
	if c.InvitationURL == nil {
		c.InvitationURL = c.PublicURL.JoinPath("invitations", "accept")
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
	c.Database.ConnectTimeout = cmp.Or(c.Database.ConnectTimeout, d.Database.ConnectTimeout)
	c.Database.MigrationPatience = cmp.Or(c.Database.MigrationPatience, d.Database.MigrationPatience)
	c.TenantCreation = cmp.Or(c.TenantCreation, d.TenantCreation)
	c.TenantsPerOwner = cmp.Or(c.TenantsPerOwner, d.TenantsPerOwner)
	c.TenantMaxRequests = cmp.Or(c.TenantMaxRequests, d.TenantMaxRequests)
	c.EventRetention = cmp.Or(c.EventRetention, d.EventRetention)
	c.TenantGrace = cmp.Or(c.TenantGrace, d.TenantGrace)
	c.UploadMaxSize = cmp.Or(c.UploadMaxSize, d.UploadMaxSize)
	return c
}

// tenantLimits returns the limits of tenants that have none of their own, 0 for none.
func (c Config) tenantLimits() domain.TenantLimits {
	return domain.TenantLimits{MaxRequests: max(0, c.TenantMaxRequests), MaxConnections: max(0, c.TenantMaxConnections)}
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
