package httpapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
)

// The server's own timeouts. The handler's are shorter, and send an answer; these are
// for requests that do not reach the handler.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 40 * time.Second // longer than a request may take: when it passes, the request's context is cancelled
	writeTimeout   = 60 * time.Second // from the end of the headers
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 2 * domain.MaxTokenLen
)

const (
	usualGrace = 8 * time.Second
	lastWords  = 800 * time.Millisecond
)

// Server serves a handler until the context of Serve is done.
type Server struct {
	Handler http.Handler
	Logger  *slog.Logger  // of errors of clients below HTTP; nil: no log
	Grace   time.Duration // how long requests in flight may go on after the stop; zero: 8 s
}

// Serve answers on listener until ctx is done. Then it accepts no new connection,
// lets the requests in flight finish, cancels those that are still running after
// Grace, and cuts the rest 0.8 s later. It returns nil if all requests had an answer,
// an error if some were cut off or if the listener failed, and has closed the
// listener in any case.
//
// Requests' contexts carry ctx's values, but do not end with it.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(web.ErrStopping)
	server := s.server(base)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		_ = server.Close()
		return err
	case <-ctx.Done():
	}
	return s.stop(server, cancel)
}

func (s *Server) server(base context.Context) *http.Server {
	logger := cmp.Or(s.Logger, slog.New(slog.DiscardHandler))
	return &http.Server{
		Handler:                      s.Handler,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true, // OPTIONS * has a request ID like all others
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		BaseContext:                  func(net.Listener) context.Context { return base },
	}
}

func (s *Server) stop(server *http.Server, cancel context.CancelCauseFunc) error {
	if drained(server, cmp.Or(s.Grace, usualGrace)) {
		return nil
	}
	cancel(web.ErrStopping)
	if drained(server, lastWords) {
		return nil
	}
	_ = server.Close()
	return errors.New("requests were cut off: they did not end in time")
}

// drained reports whether all requests ended within d.
func drained(server *http.Server, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return server.Shutdown(ctx) == nil
}
