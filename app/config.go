package app

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

// Config is everything that [New] needs to know. [ConfigFromEnv] reads it from
// the environment; a program that embeds Partywall may write it by hand, from
// [DefaultConfig].
type Config struct {
	Port      int
	Host      string   // empty: 127.0.0.1 while something built in is active, else all addresses
	PublicURL *url.URL // where links in mails and local signed URLs point

	Memory  bool   // keep everything in memory, and nothing after the end
	DataDir string // of what is built in; closed to other users

	Database Database
	Cognito  Cognito
	S3       S3
	Region   string // AWS

	RequireConfirmation bool         // the built-in identities wait for a code before they let a new user in
	EmailSender         domain.Email // zero: mail goes to the log

	TenantCreation tenants.CreationPolicy
	OperatorKeys   tenants.OperatorKeys

	UploadMaxSize     int64 // bytes
	UploadRequireSize bool

	TrustedProxies []netip.Prefix
	AllowOrigins   []string

	Logger *slog.Logger // nil: nothing is logged

	TenantMigrations fs.FS // numbered .sql files for every tenant's schema
	SharedMigrations fs.FS // numbered .sql files for the schema "shared"
}

// Database says which PostgreSQL to use. No Host: a private one, below DataDir.
type Database struct {
	Host       string
	Port       int
	User       string
	Password   domain.Secret
	Name       string
	SSLMode    string
	MaxConns   int
	GateSecret domain.Secret // the logins of the system and the gates are derived from it; empty: from Password
	Roles      string        // TENANT_ROLES: auto, on, off

	StatementTimeout time.Duration
	LockTimeout      time.Duration
	IdleTimeout      time.Duration // of a transaction that waits for its client
}

// Cognito says which user pool to use. No PoolID: the built-in identities.
type Cognito struct {
	PoolID       string
	ClientID     string
	ClientSecret domain.Secret
	Issuer       string
	JWKSURL      string
}

// S3 says which bucket to use. No Bucket: files on disk, below DataDir.
type S3 struct {
	Bucket         string
	ForcePathStyle bool
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

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}
