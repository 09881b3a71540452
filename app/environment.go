package app

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/partywall-go/partywall/domain"
)

// environment is the contract with the operator: every variable with its meaning. It
// contains strings, so that all mistakes can be reported at once; a parser converts it to
// a Config.
type environment struct {
	Port      string `envconfig:"PORT" desc:"The port to listen on."`
	Host      string `envconfig:"HOST" desc:"The address to listen on. Empty: 127.0.0.1 while something built in is active, else all addresses."`
	PublicURL string `envconfig:"PUBLIC_URL" desc:"Where clients reach the program: links in mails and local signed URLs point there, and if it is https, answers have Strict-Transport-Security. Empty: http://localhost:PORT."`

	InvitationURL string `envconfig:"INVITATION_URL" desc:"The page that accepts an invitation. Links add the parameter token. Empty: /invitations/accept below PUBLIC_URL."`

	DBHost             string `envconfig:"DB_HOST" desc:"The PostgreSQL server, version 15 or later: a name, an address, or the folder of its Unix socket. Empty: a private one; its data lie below DATA_DIR, for root in /var/lib/partywall."`
	DBPort             string `envconfig:"DB_PORT"`
	DBUser             string `envconfig:"DB_USER" desc:"Owns and migrates everything. No superuser; it may CREATEROLE, unless TENANT_ROLES=off."`
	DBPassword         string `envconfig:"DB_PASSWORD" secret:"true"`
	DBName             string `envconfig:"DB_NAME"`
	DBSSLMode          string `envconfig:"DB_SSLMODE" desc:"disable, require, verify-ca or verify-full. Empty: disable on loopback and on a Unix socket, else verify-full."`
	DBSSLRootCert      string `envconfig:"DB_SSLROOTCERT" desc:"A file of the authorities that DB_HOST's certificate may come from, in PEM; RDS has its own. Empty: the system's."`
	DBMaxConns         string `envconfig:"DB_MAX_CONNS" desc:"Connections in all: 2 to provision, 6 for the system, 2 for the schema shared where a product has migrations for it, the rest for tenants."`
	DBGateSecret       string `envconfig:"DB_GATE_SECRET" secret:"true" desc:"The passwords of the logins that serve tenants are derived from it; at least 16 bytes. Empty: from DB_PASSWORD. Run setup after a change."`
	DBPasswordOld      string `envconfig:"DB_PASSWORD_OLD" secret:"true" desc:"DB_PASSWORD before a change: used where the new one is refused, until setup has set the new one."`
	DBGateSecretOld    string `envconfig:"DB_GATE_SECRET_OLD" secret:"true" desc:"DB_GATE_SECRET before a change, likewise."`
	DBAcquireTimeout   string `envconfig:"DB_ACQUIRE_TIMEOUT" desc:"The longest a request may wait for a connection to a tenant while all are busy."`
	DBStatementTimeout string `envconfig:"DB_STATEMENT_TIMEOUT" desc:"The longest a statement may take."`
	DBLockTimeout      string `envconfig:"DB_LOCK_TIMEOUT" desc:"The longest a statement may wait for a lock."`
	DBIdleTimeout      string `envconfig:"DB_IDLE_TIMEOUT" desc:"The longest a transaction may wait for its client."`

	PoolID         string `envconfig:"COGNITO_USER_POOL_ID" desc:"The Cognito user pool. Empty: built-in identities."`
	ClientID       string `envconfig:"COGNITO_CLIENT_ID"`
	ExtraClientIDs string `envconfig:"COGNITO_EXTRA_CLIENT_IDS" desc:"Other app clients of the pool whose tokens are accepted, such as a mobile app's, separated by commas."`
	ClientSecret   string `envconfig:"COGNITO_CLIENT_SECRET" secret:"true" desc:"Of an app client that has one."`
	Issuer         string `envconfig:"COGNITO_ISSUER" desc:"Empty: from region and pool. For an emulator, where it is, such as http://127.0.0.1:9229/local_abc."`
	JWKSURL        string `envconfig:"COGNITO_JWKS_URL" desc:"Empty: the issuer plus /.well-known/jwks.json."`

	Bucket         string `envconfig:"S3_BUCKET_NAME" desc:"The S3 bucket. Empty: files on disk, below DATA_DIR."`
	ForcePathStyle string `envconfig:"S3_FORCE_PATH_STYLE" desc:"http://host/bucket/key rather than http://bucket.host/key, for emulators."`

	S3Region         string `envconfig:"S3_REGION" desc:"The bucket's region. Empty: AWS_REGION."`
	S3PublicEndpoint string `envconfig:"S3_PUBLIC_ENDPOINT" desc:"Where clients reach the store, such as https://files.example.com, if it is not where this process does. Empty: the process's endpoint."`

	Region          string `envconfig:"AWS_REGION" desc:"The region of what names none of its own. Empty: the pool's."`
	SESRegion       string `envconfig:"SES_REGION" desc:"The region that mail is sent from. Empty: AWS_REGION."`
	S3Endpoint      string `envconfig:"AWS_ENDPOINT_URL_S3" desc:"The AWS SDK's own, for an emulator; so are the next two, and AWS_ACCESS_KEY_ID and its like."`
	CognitoEndpoint string `envconfig:"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"`
	SESEndpoint     string `envconfig:"AWS_ENDPOINT_URL_SESV2"`

	RequireConfirmation string `envconfig:"LOCAL_REQUIRE_CONFIRMATION" desc:"Whether the built-in identities wait for a mailed code before they let a new user in."`
	EmailSender         string `envconfig:"EMAIL_SENDER" desc:"The address that mail comes from, verified in SES. It counts beside a pool or a bucket; else, and if empty, mail goes to the log."`

	TenantCreation       string `envconfig:"TENANT_CREATION" desc:"Who may create tenants: open (anyone), authenticated or operator."`
	TenantsPerOwner      string `envconfig:"TENANTS_PER_OWNER" desc:"How many tenants one user may own. The operator may make more for them."`
	TenantMaxRequests    string `envconfig:"TENANT_MAX_REQUESTS" desc:"How many requests of its members one tenant may have in flight in this process, unless the operator sets another limit. 0: no limit."`
	TenantMaxConnections string `envconfig:"TENANT_MAX_CONNECTIONS" desc:"How many connections to the database one tenant may use in this process, unless the operator sets another limit. 0: all; half while another tenant waits."`
	EventRetention       string `envconfig:"EVENT_RETENTION" desc:"How long events are kept, the audit log among them. One that a consumer has not handled is kept longer."`
	TenantGrace          string `envconfig:"TENANT_GRACE" desc:"How long a deleted tenant can be restored, such as 720h. 0: it cannot be restored."`
	OperatorToken        string `envconfig:"OPERATOR_TOKEN" secret:"true" desc:"The operator's bearer token, at least 32 bytes; two, separated by a comma, while it is being changed. Empty: no operator."`
	TenantRoles          string `envconfig:"TENANT_ROLES" desc:"A PostgreSQL role for each tenant: auto (setup finds out), on or off."`

	UploadMaxSize     string `envconfig:"UPLOAD_MAX_SIZE" desc:"The largest file in bytes. S3 cannot be held to it where an upload gives no size; UPLOAD_REQUIRE_SIZE=true closes that."`
	UploadRequireSize string `envconfig:"UPLOAD_REQUIRE_SIZE" desc:"Whether every upload must give its size."`

	TrustedProxies   string `envconfig:"TRUSTED_PROXIES" desc:"Addresses or networks, separated by commas, whose X-Forwarded-For counts. Behind a proxy, name it: all callers are one address otherwise. none: there is no proxy."`
	CORSAllowOrigins string `envconfig:"CORS_ALLOW_ORIGINS" desc:"Origins as browsers send them, such as https://app.example.com or capacitor://localhost, separated by commas, whose pages may call the API. Never with credentials."`

	APIDocs string `envconfig:"API_DOCS" desc:"Whether GET /docs is a page to read and try the API, and GET /openapi.json its description."`

	LogLevel  string `envconfig:"LOG_LEVEL" desc:"debug, info, warn or error."`
	LogFormat string `envconfig:"LOG_FORMAT" desc:"text or json. Empty: text on a terminal, else json."`
	DataDir   string `envconfig:"DATA_DIR" desc:"The folder of what is built in, closed to other users; it belongs to the user that runs the program, and no other user can replace it. To begin anew, remove it, and where the start says that the database's data lie."`
}

// defaultEnvironment has the texts of [DefaultConfig], for the variables that are not
// empty by default.
func defaultEnvironment() environment {
	d := DefaultConfig()
	return environment{
		Port:                 strconv.Itoa(d.Port),
		DBPort:               strconv.Itoa(d.Database.Port),
		DBName:               d.Database.Name,
		DBMaxConns:           strconv.Itoa(d.Database.MaxConns),
		DBAcquireTimeout:     d.Database.AcquireTimeout.String(),
		DBStatementTimeout:   d.Database.StatementTimeout.String(),
		DBLockTimeout:        d.Database.LockTimeout.String(),
		DBIdleTimeout:        d.Database.IdleTimeout.String(),
		ForcePathStyle:       strconv.FormatBool(d.S3.ForcePathStyle),
		RequireConfirmation:  strconv.FormatBool(d.RequireConfirmation),
		TenantCreation:       string(d.TenantCreation),
		TenantsPerOwner:      strconv.Itoa(d.TenantsPerOwner),
		TenantMaxRequests:    strconv.Itoa(d.TenantMaxRequests),
		TenantMaxConnections: strconv.Itoa(d.TenantMaxConnections),
		EventRetention:       inHours(d.EventRetention),
		TenantGrace:          inHours(d.TenantGrace),
		TenantRoles:          d.Database.Roles,
		UploadMaxSize:        strconv.FormatInt(d.UploadMaxSize, 10),
		UploadRequireSize:    strconv.FormatBool(d.UploadRequireSize),
		APIDocs:              strconv.FormatBool(!d.HideDocs),
		LogLevel:             "info",
		DataDir:              d.DataDir,
	}
}

// inHours writes a duration of days as one that [time.ParseDuration] reads.
func inHours(d time.Duration) string { return fmt.Sprintf("%gh", d.Hours()) }

// readEnvironment reads the variables, over their defaults. It cannot fail, because all
// fields are text.
func readEnvironment() (environment, error) {
	env := defaultEnvironment()
	err := envconfig.Process("", &env)
	return env, err
}

// Variable is one environment variable of the program.
type Variable struct {
	Name    string
	Value   string // as set, or the default; "[secret]" stands for a secret that is set
	Empty   string // the value in force while Value is empty, if there is one
	Default string
	Meaning string
	Secret  bool
}

// Variables lists every variable that [ConfigFromEnv] reads, with the value in
// force, in the order of .env.example.
func Variables() ([]Variable, error) {
	env, err := readEnvironment()
	if err != nil {
		return nil, err
	}
	var all []Variable
	empty := whatEmptyMeans((&parser{}).config(env).withDefaults())
	fields, values, defaults := reflect.TypeFor[environment](), reflect.ValueOf(env), reflect.ValueOf(defaultEnvironment())
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		v := Variable{
			Name:    tag.Get("envconfig"),
			Value:   values.Field(i).String(),
			Default: defaults.Field(i).String(),
			Meaning: tag.Get("desc"),
			Secret:  tag.Get("secret") == "true",
		}
		switch {
		case v.Value == "":
			v.Empty = empty[v.Name]
		case v.Secret:
			v.Value = domain.NewSecret(v.Value).String()
		}
		all = append(all, v)
	}
	return all, nil
}

// whatEmptyMeans returns the values of c for variables that are empty.
func whatEmptyMeans(c Config) map[string]string {
	means := map[string]string{
		"HOST":             cmp.Or(c.ListenHost(), "all addresses"),
		"DB_HOST":          "a private PostgreSQL, below DATA_DIR",
		"DB_SSLMODE":       c.Database.SSLMode,
		"S3_BUCKET_NAME":   "files on disk, in " + c.objectsDir(),
		"COGNITO_ISSUER":   c.Cognito.Issuer,
		"COGNITO_JWKS_URL": c.Cognito.JWKSURL,
		"AWS_REGION":       c.Region,
		"S3_REGION":        c.Region,
		"SES_REGION":       c.Region,
		"PUBLIC_URL":       c.PublicURL.String(),
		"INVITATION_URL":   c.InvitationURL.String(),
		"EMAIL_SENDER":     "mail goes to the log",
		"OPERATOR_TOKEN":   "no operator",
		"TRUSTED_PROXIES":  "no proxy is trusted; if there is none, write none",
		"LOG_FORMAT":       "text on a terminal, else json",
	}
	if c.Cognito.PoolID == "" {
		means["COGNITO_USER_POOL_ID"] = "built-in identities"
	}
	if c.Database.Host != "" && c.Database.GateSecret.IsZero() {
		means["DB_GATE_SECRET"] = "derived from DB_PASSWORD"
	}
	return means
}
