package httpapi

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// Config has what the API is built from. The use cases and the verifier are required;
// every other field has a useful zero value.
type Config struct {
	Access      *access.Service
	Tenants     *tenants.Service
	Events      *events.Service
	Identities  *identities.Service
	Members     *members.Service
	Invitations *invitations.Service
	Files       *files.Service
	Verifier    ports.TokenVerifier

	Operators      access.OperatorKeys // zero: there is no operator
	Dependencies   []Dependency        // checked by GET /readyz
	LocalKeys      http.Handler        // serves /local/jwks.json; nil: no such path
	LocalObjects   http.Handler        // serves all below /local/objects/; nil: no such path
	Resolve        Resolve             // names a tenant besides X-Tenant-ID; nil: the header alone does
	TrustedProxies []netip.Prefix      // whose X-Forwarded-For is trusted
	AllowOrigins   []string            // whose pages may read answers (CORS), each exactly as browsers send it
	PublicURL      *url.URL            // where clients reach the API; nil: /openapi.json names http://localhost:3000. If it is https, answers ask browsers to use nothing else
	HideDocs       bool                // serve neither /openapi.json nor /docs
	Logger         *slog.Logger        // one line a request; nil: no log
	Now            func() time.Time    // nil: time.Now
}

// Dependency is a system that the API needs in order to serve, under the name that
// GET /readyz reports.
type Dependency struct {
	Name  string
	Check ports.Dependency
}

// API serves the routes, and provides its rules to those of a product.
type API struct {
	server  *server
	handler http.Handler
}

// New builds the API.
func New(config Config) *API { return newAPI(config, web.UsualPace) }

// ServeHTTP serves the API's routes.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

type server struct {
	Config
	web    *web.Kernel
	health health
}

func newAPI(config Config, pace web.Pace) *API {
	config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &server{
		Config: config,
		web: web.New(web.Config{
			TrustedProxies: config.TrustedProxies,
			AllowOrigins:   config.AllowOrigins,
			PublicURL:      config.PublicURL,
			Logger:         config.Logger,
			Now:            config.Now,
			Pace:           pace,
		}),
		health: health{dependencies: config.Dependencies, now: config.Now},
	}
	e := echo.New()
	e.Use(s.web.Observe)
	s.routes(e)
	return &API{s, e}
}
