package cli

import (
	"context"
	"log/slog"
)

// auditLines passes on the log lines that are kept as evidence, which have a field
// "audit", and drops all others.
type auditLines struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h auditLines) Handle(ctx context.Context, line slog.Record) (err error) {
	line.Attrs(func(field slog.Attr) bool {
		if field.Key == "audit" {
			err = h.Handler.Handle(ctx, line)
			return false
		}
		return true
	})
	return err
}

// WithAttrs implements [slog.Handler].
func (h auditLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return auditLines{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h auditLines) WithGroup(name string) slog.Handler {
	return auditLines{h.Handler.WithGroup(name)}
}
