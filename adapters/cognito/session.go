package cognito

import (
	"context"
	"errors"
	"maps"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/adapters/internal/audit"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

const maxPasswordLen = 256 // characters; Cognito API Reference, SignUp, Password

// SignIn returns tokens, or a challenge that has to be answered first.
func (p *Provider) SignIn(ctx context.Context, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	if !usable(email) || password.IsZero() || utf8.RuneCountInString(password.Reveal()) > maxPasswordLen {
		return ports.SignIn{}, p.refuse(ctx, signIn, notAuthorized)
	}
	parameters := p.authParameters(email.ASCII())
	parameters["PASSWORD"] = password.Reveal()
	out, err := call(ctx, p, signIn, p.once.InitiateAuth, &idp.InitiateAuthInput{
		ClientId:       &p.client,
		AuthFlow:       types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: parameters,
	})
	if err != nil {
		return ports.SignIn{}, err
	}
	return p.step(ctx, signIn, email, email.ASCII(), stepOutput{out.AuthenticationResult, out.ChallengeName, out.ChallengeParameters, out.Session})
}

// RespondToChallenge answers a challenge of SignIn or of an earlier RespondToChallenge,
// under the user name that the pool sent.
func (p *Provider) RespondToChallenge(ctx context.Context, email domain.Email, answer ports.ChallengeAnswer) (ports.SignIn, error) {
	responses, err := challengeResponses(answer)
	if err != nil {
		return ports.SignIn{}, err
	}
	username, session, ok := p.unsealSession(email, answer.Session)
	if !ok {
		return ports.SignIn{}, p.refuse(ctx, challenge, notAuthorized)
	}
	maps.Copy(responses, p.authParameters(username))
	out, err := call(ctx, p, challenge, p.once.RespondToAuthChallenge, &idp.RespondToAuthChallengeInput{
		ClientId:           &p.client,
		ChallengeName:      types.ChallengeNameType(answer.Name),
		ChallengeResponses: responses,
		Session:            &session,
	})
	if err != nil {
		return ports.SignIn{}, err
	}
	return p.step(ctx, challenge, email, username, stepOutput{out.AuthenticationResult, out.ChallengeName, out.ChallengeParameters, out.Session})
}

// stepOutput is what the answers of InitiateAuth and RespondToAuthChallenge have in common.
type stepOutput struct {
	result     *types.AuthenticationResultType
	challenge  types.ChallengeNameType
	parameters map[string]string
	session    *string
}

// step reads the pool's answer to one step of signing in. username is the user's name
// in the pool, unless the answer contains another one.
func (p *Provider) step(ctx context.Context, op operation, email domain.Email, username string, out stepOutput) (ports.SignIn, error) {
	if out.challenge == "" {
		tokens, err := readTokens(out.result)
		if err != nil {
			return ports.SignIn{}, p.translate(ctx, op, err)
		}
		return ports.SignIn{Tokens: tokens}, nil
	}
	if _, err := ports.ResponseTo(string(out.challenge)); err != nil {
		return ports.SignIn{}, p.refuse(ctx, op, unknownChallenge)
	}
	if id := out.parameters["USER_ID_FOR_SRP"]; id != "" {
		username = id
	}
	return ports.SignIn{Challenge: &ports.Challenge{
		Name:       string(out.challenge),
		Session:    p.sealSession(email, username, aws.ToString(out.session)),
		Parameters: shownParameters(out.parameters),
	}}, nil
}

// Refresh exchanges a refresh token for new tokens.
func (p *Provider) Refresh(ctx context.Context, refresh domain.Secret) (ports.Tokens, error) {
	if refresh.IsZero() {
		return ports.Tokens{}, p.refuse(ctx, refreshTokens, notAuthorized)
	}
	result, err := p.exchange(ctx, refresh)
	if err := p.translate(ctx, refreshTokens, err); err != nil {
		if errors.Is(err, domain.CodeRefreshReused) {
			audit.RefreshReused(ctx, p.log, p.pool, refresh)
		}
		return ports.Tokens{}, err
	}
	tokens, err := readTokens(result)
	if err != nil {
		return ports.Tokens{}, p.translate(ctx, refreshTokens, err)
	}
	if tokens.Refresh == refresh {
		tokens.Refresh = domain.Secret{}
	}
	return tokens, nil
}

// exchange asks for new tokens. It uses the older operation once the server has
// refused the newer one as unknown, and remembers that.
func (p *Provider) exchange(ctx context.Context, refresh domain.Secret) (*types.AuthenticationResultType, error) {
	if !p.byAuthFlow.Load() {
		out, err := send(ctx, p, p.careful.GetTokensFromRefreshToken, &idp.GetTokensFromRefreshTokenInput{
			ClientId:     &p.client,
			ClientSecret: p.clientSecret(),
			RefreshToken: aws.String(refresh.Reveal()),
		})
		if err == nil {
			return out.AuthenticationResult, nil
		}
		if recognise(err) != unknownOperation {
			return nil, err
		}
		p.byAuthFlow.Store(true)
	}
	out, err := send(ctx, p, p.careful.InitiateAuth, &idp.InitiateAuthInput{
		ClientId:       &p.client,
		AuthFlow:       types.AuthFlowTypeRefreshTokenAuth,
		AuthParameters: map[string]string{"REFRESH_TOKEN": refresh.Reveal()},
	})
	if err != nil {
		return nil, err
	}
	return out.AuthenticationResult, nil
}

// Revoke ends the session of a refresh token. An unknown token is not an error.
func (p *Provider) Revoke(ctx context.Context, refresh domain.Secret) error {
	if refresh.IsZero() {
		return nil
	}
	_, err := call(ctx, p, revoke, p.patient.RevokeToken, &idp.RevokeTokenInput{
		ClientId:     &p.client,
		ClientSecret: p.clientSecret(),
		Token:        aws.String(refresh.Reveal()),
	})
	return err
}

// SignOutEverywhere ends every session of the access token's owner.
func (p *Provider) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	if access.IsZero() {
		return p.refuse(ctx, signOut, notAuthorized)
	}
	_, err := call(ctx, p, signOut, p.patient.GlobalSignOut, &idp.GlobalSignOutInput{AccessToken: aws.String(access.Reveal())})
	return err
}
