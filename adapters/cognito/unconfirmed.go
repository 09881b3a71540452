package cognito

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/domain"
)

// A pool keeps the first sign-up with an address, even if the owner of the address did
// not send it. It sends no code for a new password to an account whose address is not
// confirmed. The functions below let the owner take over such an account:
// ForgotPassword sends a confirmation code, and ResetPassword confirms with it and
// replaces the password.

// forgetUnconfirmed sends a confirmation code after the pool refused to send a code
// for a new password.
func (p *Provider) forgetUnconfirmed(ctx context.Context, email domain.Email) error {
	return p.ResendCode(ctx, email)
}

// resetUnconfirmed sets a new password with a confirmation code. refused is the error
// that ResetPassword returns when the code is not a confirmation code either.
//
// The password is set in the same step only with credentials. Without them the
// address is confirmed, and another code is sent to it, with which the user resets the
// password.
func (p *Provider) resetUnconfirmed(ctx context.Context, email domain.Email, code, password domain.Secret, refused error) error {
	if err := p.ConfirmSignUp(ctx, email, code); err != nil {
		if domain.CodeOf(err) == domain.CodeCodeInvalid {
			return refused
		}
		return err
	}
	// The code is spent. If the caller disconnects now, the password must be replaced all the same.
	ctx = context.WithoutCancel(ctx)
	err := p.setPassword(ctx, email, password)
	if err == nil {
		p.endSessions(ctx, email)
		return nil
	}
	if forgetting := p.ForgotPassword(ctx, email); forgetting != nil {
		return forgetting
	}
	if domain.CodeOf(err) == domain.CodePasswordPolicy {
		return err
	}
	return domain.NewError(domain.CodeCodeInvalid).WithMessage("the e-mail address is confirmed now, and another code was sent to it; set the password with that one").WithCause(err)
}

func (p *Provider) setPassword(ctx context.Context, email domain.Email, password domain.Secret) error {
	if p.admin == nil {
		return errNoCredentials
	}
	_, err := send(ctx, p, p.admin.AdminSetUserPassword, &idp.AdminSetUserPasswordInput{
		UserPoolId: &p.pool, Username: aws.String(email.ASCII()), Password: aws.String(password.Reveal()), Permanent: true,
	})
	if err == nil {
		return nil
	}
	switch ex := recognise(err); ex {
	case invalidPassword, passwordHistory:
		return p.refuse(ctx, resetPassword, ex)
	}
	p.warnOfRights(ctx, "a new password needs a second code where the address wasn't confirmed", "AdminSetUserPassword", err)
	return cause("AdminSetUserPassword", err)
}

// endSessions ends all sessions of a user whose password was replaced, if the
// credentials allow it. The pool does not do this itself.
func (p *Provider) endSessions(ctx context.Context, email domain.Email) {
	if p.admin == nil {
		return
	}
	_, err := send(ctx, p, p.admin.AdminUserGlobalSignOut, &idp.AdminUserGlobalSignOutInput{UserPoolId: &p.pool, Username: aws.String(email.ASCII())})
	if err != nil {
		p.warnOfRights(ctx, "the sessions of a user whose password was reset live on", "AdminUserGlobalSignOut", err)
	}
}

// warnOfRights logs that an operation that needs AWS credentials failed, and what to
// do about it if that is known.
func (p *Provider) warnOfRights(ctx context.Context, what, operation string, err error) {
	attrs := []slog.Attr{slog.Any("cause", cause(operation, err))}
	if _, fix, ok := awscalls.CredentialTrouble(err); ok {
		attrs = append(attrs, slog.String("fix", fix))
	} else if recognise(err) == notAuthorized || awscalls.Denied(err) {
		attrs = append(attrs, slog.String("fix", "allow cognito-idp:"+operation))
	}
	p.log.LogAttrs(ctx, slog.LevelWarn, what, attrs...)
}
