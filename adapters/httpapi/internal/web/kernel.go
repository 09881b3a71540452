package web

import (
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// Config has what a kernel is built from. All fields but Pace are those of httpapi's
// Config.
type Config struct {
	TrustedProxies []netip.Prefix
	AllowOrigins   []string
	PublicURL      *url.URL
	Logger         *slog.Logger
	Now            func() time.Time
	Pace           Pace
}

// Pace is the time that a request may take.
type Pace struct {
	Body time.Duration // to send a body
	Work time.Duration // for the answer, once the headers were read
}

// UsualPace is the Pace of the program.
var UsualPace = Pace{Body: 10 * time.Second, Work: 30 * time.Second}

// Kernel does for each request what does not depend on its route.
type Kernel struct {
	logger  *slog.Logger
	now     func() time.Time
	pace    Pace
	proxies proxies
	unnamed sync.Once // the log has a line about a proxy that is not trusted
	cors    cors
	fixed   []fixedHeader
}

// New builds a kernel.
func New(config Config) *Kernel {
	return &Kernel{
		logger:  config.Logger,
		now:     config.Now,
		pace:    config.Pace,
		proxies: newProxies(config.TrustedProxies),
		cors:    newCORS(config.AllowOrigins),
		fixed:   fixedHeaders(config.PublicURL),
	}
}

// ErrStopping is the cause with which the server cancels requests when it stops.
var ErrStopping = errors.New("the server is stopping")
