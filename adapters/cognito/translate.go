package cognito

import (
	"context"
	"log/slog"

	"github.com/partywall-go/partywall/domain"
)

// translate is the only place where Cognito's errors become domain errors. It
// returns nil when the error is a success to the caller.
func (p *Provider) translate(ctx context.Context, op operation, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return p.verdictError(ctx, op, recognise(err), cause(string(op), err))
}

// refuse returns the error for ex when the pool itself was not asked, or when only its
// complete answer shows that ex applies.
func (p *Provider) refuse(ctx context.Context, op operation, ex exception) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.verdictError(ctx, op, ex, nil)
}

func (p *Provider) verdictError(ctx context.Context, op operation, ex exception, cause error) error {
	v := judge(op, ex)
	if v.fix != "" {
		p.log.LogAttrs(ctx, slog.LevelError, "Cognito is misconfigured",
			slog.String("operation", string(op)), slog.String("exception", string(ex)), slog.String("fix", v.fix), slog.Any("cause", cause))
	}
	if v.answer == nil {
		return nil
	}
	e := v.answer.WithCause(cause)
	if v.answer.Code == domain.CodePasswordPolicy {
		e.Field = passwordField[op]
		if policy := p.policy.sentence(ctx); policy != "" {
			e.Message += ": " + policy
			e.Details = map[string]string{"policy": policy}
		}
	}
	return e
}

// passwordField is the name of the new password in the API.
var passwordField = map[operation]string{
	signUp:        "password",
	resetPassword: "newPassword",
	challenge:     "responses.NEW_PASSWORD",
}
