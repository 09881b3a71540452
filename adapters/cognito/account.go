package cognito

import (
	"context"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const maxUsernameLen = 128 // characters; Cognito API Reference, SignUp, Username

// usable reports whether the pool can have an account under the address.
func usable(email domain.Email) bool {
	return utf8.RuneCountInString(email.ASCII()) <= maxUsernameLen
}

// isCode reports whether the pool can have sent the code. Its codes are digits.
func isCode(code domain.Secret) bool {
	digits, ok := domain.ParseOneTimeCode(code)
	return ok && digits == code
}

// SignUp creates an account. When the confirmation code cannot be delivered, the
// pool creates the account but does not return its subject. The new user's Identity
// is zero then, unless the credentials allow a look-up of the subject.
func (p *Provider) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	switch {
	case !usable(email):
		return ports.CreatedUser{}, domain.Invalidf("email", "an e-mail address has at most %d characters here", maxUsernameLen)
	case password.IsZero():
		return ports.CreatedUser{}, p.refuse(ctx, signUp, invalidPassword)
	}
	out, err := call(ctx, p, signUp, p.once.SignUp, &idp.SignUpInput{
		ClientId:       &p.client,
		SecretHash:     p.secretHash(email.ASCII()),
		Username:       aws.String(email.ASCII()),
		Password:       aws.String(password.Reveal()),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String(email.ASCII())}},
	})
	if err != nil {
		return ports.CreatedUser{}, err
	}
	if out == nil {
		return p.undelivered(ctx, email), nil
	}
	identity, err := domain.NewIdentity(p.pool, aws.ToString(out.UserSub))
	if err != nil {
		return ports.CreatedUser{}, p.translate(ctx, signUp, errGarbled)
	}
	return ports.CreatedUser{Identity: identity, Confirmed: out.UserConfirmed, Delivery: delivery(out.CodeDeliveryDetails)}, nil
}

func delivery(details *types.CodeDeliveryDetailsType) *ports.CodeDelivery {
	if details == nil {
		return nil
	}
	return &ports.CodeDelivery{
		Destination: aws.ToString(details.Destination),
		Medium:      string(details.DeliveryMedium),
		Attribute:   aws.ToString(details.AttributeName),
	}
}

// ConfirmSignUp verifies that the address belongs to the user.
func (p *Provider) ConfirmSignUp(ctx context.Context, email domain.Email, code domain.Secret) error {
	if !usable(email) || !isCode(code) {
		return p.refuse(ctx, confirmSignUp, codeMismatch)
	}
	_, err := call(ctx, p, confirmSignUp, p.once.ConfirmSignUp, &idp.ConfirmSignUpInput{
		ClientId:         &p.client,
		SecretHash:       p.secretHash(email.ASCII()),
		Username:         aws.String(email.ASCII()),
		ConfirmationCode: aws.String(code.Reveal()),
	})
	return err
}

// ResendCode sends a new confirmation code to an account that is not confirmed yet.
func (p *Provider) ResendCode(ctx context.Context, email domain.Email) error {
	if !usable(email) {
		return p.refuse(ctx, resendCode, userNotFound)
	}
	_, err := call(ctx, p, resendCode, p.once.ResendConfirmationCode, &idp.ResendConfirmationCodeInput{
		ClientId:   &p.client,
		SecretHash: p.secretHash(email.ASCII()),
		Username:   aws.String(email.ASCII()),
	})
	return err
}

// ForgotPassword sends a code for [Provider.ResetPassword]. An account whose address
// is not confirmed gets a confirmation code, which ResetPassword accepts as well.
func (p *Provider) ForgotPassword(ctx context.Context, email domain.Email) error {
	if !usable(email) {
		return p.refuse(ctx, forgotPassword, userNotFound)
	}
	_, err := send(ctx, p, p.once.ForgotPassword, &idp.ForgotPasswordInput{
		ClientId:   &p.client,
		SecretHash: p.secretHash(email.ASCII()),
		Username:   aws.String(email.ASCII()),
	})
	if err != nil && ctx.Err() == nil && recognise(err) == noVerifiedAddress {
		return p.forgetUnconfirmed(ctx, email)
	}
	return p.translate(ctx, forgotPassword, err)
}

// ResetPassword sets a new password with the code that ForgotPassword sent. If the
// credentials allow it, it also ends the user's sessions.
func (p *Provider) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	switch {
	case password.IsZero():
		return p.refuse(ctx, resetPassword, invalidPassword)
	case !usable(email) || !isCode(code):
		return p.refuse(ctx, resetPassword, codeMismatch)
	}
	_, err := send(ctx, p, p.once.ConfirmForgotPassword, &idp.ConfirmForgotPasswordInput{
		ClientId:         &p.client,
		SecretHash:       p.secretHash(email.ASCII()),
		Username:         aws.String(email.ASCII()),
		ConfirmationCode: aws.String(code.Reveal()),
		Password:         aws.String(password.Reveal()),
	})
	if err == nil {
		p.endSessions(context.WithoutCancel(ctx), email)
		return nil
	}
	refused := p.translate(ctx, resetPassword, err)
	switch recognise(err) {
	case expiredCode, userNotConfirmed, noVerifiedAddress: // the pool has sent no code for a new password
		return p.resetUnconfirmed(ctx, email, code, password, refused)
	}
	return refused
}

// User returns the owner of the access token as the pool describes them now.
func (p *Provider) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	if access.IsZero() {
		return ports.User{}, p.refuse(ctx, getUser, notAuthorized)
	}
	out, err := call(ctx, p, getUser, p.patient.GetUser, &idp.GetUserInput{AccessToken: aws.String(access.Reveal())})
	if err != nil {
		return ports.User{}, err
	}
	identity, err := domain.NewIdentity(p.pool, attribute(out.UserAttributes, "sub"))
	if err != nil {
		return ports.User{}, p.translate(ctx, getUser, errGarbled)
	}
	email, err := domain.ParseEmail(attribute(out.UserAttributes, "email"))
	return ports.User{
		Identity:      identity,
		Email:         email,
		EmailVerified: err == nil && attribute(out.UserAttributes, "email_verified") == "true",
	}, nil
}

func attribute(attributes []types.AttributeType, name string) string {
	for _, a := range attributes {
		if aws.ToString(a.Name) == name {
			return aws.ToString(a.Value)
		}
	}
	return ""
}
