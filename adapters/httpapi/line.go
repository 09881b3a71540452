package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
)

// line is the log line of a request and its answer. It never contains the path, the
// query or a header, because any of these may hold a secret.
type line struct {
	started   time.Time
	requestID string
	client    limits.Address
	subject   domain.Identity // who is signed in
	operator  bool
	tenant    domain.TenantID // that the request names, proven or not

	method string
	route  string
	status int
	bytes  int64

	routed *http.Request // of a product's route: a router inside it writes its pattern there

	code   domain.Code // of the problem that was the answer
	cause  error       // of an answer that is our own fault, or a dependency's
	reason error       // why a token was not accepted, which the answer does not reveal
	stack  []byte      // of a panic
	logged bool
}

// log writes the line.
func (s *server) log(ctx context.Context, l *line) {
	l.logged = true
	level := l.level()
	if !s.Logger.Enabled(ctx, level) {
		return
	}
	now := s.Now()
	attrs := append(make([]slog.Attr, 0, 13),
		slog.String("method", knownMethod(l.method)),
		slog.String("route", l.route),
		slog.Int("status", l.status),
		slog.Duration("duration", now.Sub(l.started)),
		slog.Int64("bytes", l.bytes),
		slog.String("requestId", l.requestID),
	)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("client", l.client.String())
	add("subject", l.who())
	add("tenant", l.tenant.String())
	add("code", string(l.code))
	if l.cause != nil {
		add("error", l.cause.Error())
	}
	if l.reason != nil {
		add("reason", l.reason.Error())
	}
	add("stack", string(l.stack))
	record := slog.NewRecord(now, level, "request", 0) // pc 0: all lines are written here, so the place in the source is not looked up
	record.AddAttrs(attrs...)
	_ = s.Logger.Handler().Handle(ctx, record) // the log misses the line; the caller has an answer
}

func (l *line) who() string {
	if l.operator {
		return "operator"
	}
	return l.subject.String()
}

func (l *line) level() slog.Level {
	switch {
	case l.stack != nil, l.status == http.StatusInternalServerError:
		return slog.LevelError
	case l.cause != nil:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// answered records the problem that the answer is.
func (l *line) answered(e *domain.Error, err error) {
	l.code = domain.CodeOf(e)
	switch {
	case problem.StatusOf(e) >= http.StatusInternalServerError:
		l.cause = err
	case l.code == domain.CodeInvalidToken:
		l.reason = e.Err
	}
}

// knownMethod keeps text of unknown callers out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
