package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
)

// Line is the log line of a request and its answer. It never contains the path, the
// query or a header, because any of these may hold a secret.
type Line struct {
	Subject  domain.Identity // of the signed-in caller
	Operator bool            // the caller is the operator
	Tenant   domain.TenantID // that the request names, proven or not
	Cause    error           // of an answer that is our own fault, or a dependency's

	started   time.Time
	requestID string
	client    limits.Address
	method    string
	route     string
	status    int
	bytes     int64

	routed *http.Request // of a product's route: a router inside it writes its pattern there

	code   domain.Code // of the problem that was the answer
	reason error       // why a token or an ID was refused, which the answer does not reveal
	stack  []byte      // of a panic
	logged bool
}

// informed returns a context whose events have the ID of the request and the address
// of its caller.
func (l *Line) informed(ctx context.Context) context.Context {
	return domain.WithRequestInfo(ctx, domain.RequestInfo{ID: l.requestID, Address: l.client.IP()})
}

// log writes the line.
func (k *Kernel) log(ctx context.Context, l *Line) {
	l.logged = true
	level := l.level()
	if !k.logger.Enabled(ctx, level) {
		return
	}
	now := k.now()
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
	add("tenant", l.Tenant.String())
	add("code", string(l.code))
	if l.Cause != nil {
		add("error", l.Cause.Error())
	}
	if l.reason != nil {
		add("reason", l.reason.Error())
	}
	add("stack", string(l.stack))
	record := slog.NewRecord(now, level, "request", 0) // pc 0: all lines are written here, so the place in the source is not looked up
	record.AddAttrs(attrs...)
	_ = k.logger.Handler().Handle(ctx, record) // the log misses the line; the caller has an answer
}

func (l *Line) who() string {
	if l.Operator {
		return "operator"
	}
	return l.Subject.String()
}

func (l *Line) level() slog.Level {
	switch {
	case l.stack != nil, l.status == http.StatusInternalServerError:
		return slog.LevelError
	case l.Cause != nil:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// answered records the problem that the answer is.
func (l *Line) answered(e *domain.Error, err error) {
	l.code = domain.CodeOf(e)
	switch {
	case problem.StatusOf(e) >= http.StatusInternalServerError:
		l.Cause = err
	case l.code == domain.CodeInvalidToken, l.code == domain.CodeTenantExists:
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
