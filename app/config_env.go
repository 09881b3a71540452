package app

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// ConfigFromEnv reads the environment variables that .env.example lists, and
// writes log lines to logs. It reports all mistakes at once: the error joins one
// [domain.Invalid] error for each, whose Field is the variable.
func ConfigFromEnv(logs io.Writer) (Config, error) {
	env, err := readEnvironment()
	if err != nil {
		return Config{}, err
	}
	p := &parser{}
	cfg := p.config(env).withDefaults()
	cfg.Logger = p.logger(env, logs)
	p.combinations(env)
	return cfg, errors.Join(p.mistakes...)
}

// DefaultConfig returns the configuration of an empty environment: everything is built in.
func DefaultConfig() Config {
	const port = 3000
	db := postgres.Defaults()
	return Config{
		Port:      port,
		PublicURL: localURL(port),
		DataDir:   ".partywall",
		Database: Database{
			Port:              db.Port,
			Name:              "partywall",
			SSLMode:           defaultSSLMode(""),
			MaxConns:          db.MaxConns,
			Roles:             db.Roles,
			AcquireTimeout:    db.AcquireTimeout,
			StatementTimeout:  db.StatementTimeout,
			LockTimeout:       db.LockTimeout,
			IdleTimeout:       db.IdleTimeout,
			ConnectTimeout:    db.ConnectTimeout,
			MigrationPatience: db.MigrationPatience,
		},
		TenantCreation:    tenants.Open,
		TenantsPerOwner:   tenants.DefaultTenantsPerOwner,
		TenantMaxRequests: defaultMaxRequests,
		EventRetention:    events.DefaultRetention,
		TenantGrace:       tenants.DefaultGrace,
		UploadMaxSize:     ports.MaxUploadSize,
	}
}

// defaultMaxRequests is far above what a tenant has in flight, unless it runs away.
const defaultMaxRequests = 1000

// localURL is where clients on this machine reach the program.
func localURL(port int) *url.URL {
	return &url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", strconv.Itoa(port))}
}

// parser converts texts to values, and collects the mistakes.
type parser struct{ mistakes []error }

func (p *parser) mistake(name, format string, args ...any) {
	p.mistakes = append(p.mistakes, domain.Invalidf(name, format, args...))
}

// keep records err as a mistake of the variable name, whatever field err names.
func keep[T any](p *parser, name string, value T, err error) T {
	if err != nil {
		message := err.Error()
		if e, ok := errors.AsType[*domain.Error](err); ok {
			message = e.Message
		}
		p.mistake(name, "%s", message)
	}
	return value
}

func (p *parser) config(env environment) Config {
	operators, operatorErr := access.ParseOperatorKeys(domain.NewSecret(env.OperatorToken))
	return Config{
		Port:                 int(p.integer("PORT", env.Port, 1, maxPort)),
		Host:                 p.host("HOST", env.Host),
		PublicURL:            p.publicURL(env.PublicURL),
		InvitationURL:        p.webURL("INVITATION_URL", env.InvitationURL, "https://app.example.com/join"),
		DataDir:              env.DataDir,
		Database:             p.database(env),
		Cognito:              cognitoOf(env),
		S3:                   p.s3(env),
		Region:               env.Region,
		SESRegion:            env.SESRegion,
		RequireConfirmation:  p.boolean("LOCAL_REQUIRE_CONFIRMATION", env.RequireConfirmation),
		EmailSender:          p.email("EMAIL_SENDER", env.EmailSender),
		TenantCreation:       p.creationPolicy("TENANT_CREATION", env.TenantCreation),
		TenantsPerOwner:      int(p.integer("TENANTS_PER_OWNER", env.TenantsPerOwner, 1, maxTenantsPerOwner)),
		TenantMaxRequests:    p.limit("TENANT_MAX_REQUESTS", env.TenantMaxRequests),
		TenantMaxConnections: p.limit("TENANT_MAX_CONNECTIONS", env.TenantMaxConnections),
		EventRetention:       p.retention("EVENT_RETENTION", env.EventRetention),
		TenantGrace:          p.grace("TENANT_GRACE", env.TenantGrace),
		OperatorKeys:         keep(p, "OPERATOR_TOKEN", operators, operatorErr),
		UploadMaxSize:        p.integer("UPLOAD_MAX_SIZE", env.UploadMaxSize, 1, ports.MaxUploadSize),
		UploadRequireSize:    p.boolean("UPLOAD_REQUIRE_SIZE", env.UploadRequireSize),
		TrustedProxies:       p.prefixes("TRUSTED_PROXIES", env.TrustedProxies),
		AllowOrigins:         p.origins("CORS_ALLOW_ORIGINS", env.CORSAllowOrigins),
		HideDocs:             !p.boolean("API_DOCS", env.APIDocs),
	}
}

func (p *parser) database(env environment) Database {
	return Database{
		Host:             env.DBHost,
		Port:             int(p.integer("DB_PORT", env.DBPort, 1, maxPort)),
		User:             env.DBUser,
		Password:         domain.NewSecret(env.DBPassword),
		Name:             env.DBName,
		SSLMode:          p.oneOf("DB_SSLMODE", env.DBSSLMode, "disable", "require", "verify-ca", "verify-full", ""),
		SSLRootCert:      p.certificates("DB_SSLROOTCERT", env.DBSSLRootCert),
		MaxConns:         int(p.integer("DB_MAX_CONNS", env.DBMaxConns, 3, 10_000)),
		GateSecret:       p.gateSecret(env.DBGateSecret),
		PasswordOld:      domain.NewSecret(env.DBPasswordOld),
		GateSecretOld:    domain.NewSecret(env.DBGateSecretOld),
		Roles:            p.oneOf("TENANT_ROLES", env.TenantRoles, "auto", "on", "off"),
		AcquireTimeout:   p.duration("DB_ACQUIRE_TIMEOUT", env.DBAcquireTimeout),
		StatementTimeout: p.duration("DB_STATEMENT_TIMEOUT", env.DBStatementTimeout),
		LockTimeout:      p.duration("DB_LOCK_TIMEOUT", env.DBLockTimeout),
		IdleTimeout:      p.duration("DB_IDLE_TIMEOUT", env.DBIdleTimeout),
	}
}

// defaultSSLMode returns the mode for a host; without one, the database is a private
// one on this machine.
func defaultSSLMode(host string) string {
	return postgres.DefaultSSLMode(cmp.Or(host, postgres.Defaults().Host))
}

func cognitoOf(env environment) Cognito {
	return Cognito{
		PoolID:         env.PoolID,
		ClientID:       env.ClientID,
		ExtraClientIDs: list(env.ExtraClientIDs),
		ClientSecret:   domain.NewSecret(env.ClientSecret),
		Issuer:         env.Issuer,
		JWKSURL:        env.JWKSURL,
	}
}

func (p *parser) s3(env environment) S3 {
	return S3{
		Bucket:         env.Bucket,
		ForcePathStyle: p.boolean("S3_FORCE_PATH_STYLE", env.ForcePathStyle),
		Region:         env.S3Region,
		PublicEndpoint: p.webURL("S3_PUBLIC_ENDPOINT", env.S3PublicEndpoint, "https://files.example.com"),
	}
}

// webURL returns the URL of a server, or nil.
func (p *parser) webURL(name, s, example string) *url.URL {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !isWebURL(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		p.mistake(name, "is a URL such as %s, without user, query or fragment, not %q", example, withoutUser(s))
		return nil
	}
	return u
}

// region returns the default region of the AWS parts.
func region(env environment) string { return cmp.Or(env.Region, regionOfPool(env.PoolID)) }

// regionOfPool returns the region in a pool's ID, and "" for an emulator's.
func regionOfPool(poolID string) string {
	region, _, found := strings.Cut(poolID, "_")
	if !found || !strings.Contains(region, "-") {
		return ""
	}
	return region
}

func (p *parser) publicURL(s string) *url.URL {
	u := p.webURL("PUBLIC_URL", s, "https://api.example.com")
	if u != nil {
		u.Path = strings.TrimRight(u.Path, "/")
	}
	return u
}

// withoutUser returns the part of a URL after the user and the password.
func withoutUser(s string) string { return s[strings.LastIndex(s, "@")+1:] }

func isWebURL(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

func (p *parser) logger(env environment, logs io.Writer) *slog.Logger {
	var level slog.Level
	switch env.LogLevel {
	case "debug", "info", "warn", "error":
		_ = level.UnmarshalText([]byte(env.LogLevel)) // one of the valid names
	default:
		p.mistake("LOG_LEVEL", "is one of debug, info, warn, error, not %q", env.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch p.oneOf("LOG_FORMAT", env.LogFormat, "text", "json", "") {
	case "json":
		return slog.New(slog.NewJSONHandler(logs, options))
	case "text":
		return slog.New(slog.NewTextHandler(logs, options))
	}
	if isTerminal(logs) {
		return slog.New(slog.NewTextHandler(logs, options))
	}
	return slog.New(slog.NewJSONHandler(logs, options))
}
