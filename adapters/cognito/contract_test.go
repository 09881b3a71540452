package cognito_test

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

var cognitoLocal = realservers.Shared[*realservers.Cognito]{Start: realservers.StartCognitoLocal}

func TestMain(m *testing.M) {
	code := m.Run()
	cognitoLocal.Close()
	os.Exit(code)
}

func TestIdentityProvider(t *testing.T) {
	server := cognitoLocal.Get(t)
	verifier := verifierOf(t, server)
	porttest.IdentityProvider(t, func(*testing.T) porttest.Identities {
		return porttest.Identities{
			Provider:          checked{providerOf(server), verifier},
			Verifier:          verifier,
			Code:              func(*testing.T, domain.Email) domain.Secret { return domain.NewSecret(realservers.CognitoCode) },
			NeedsConfirmation: true,
			Lacks: []porttest.Feature{
				porttest.AtomicSignUp, porttest.CaseInsensitive, porttest.GlobalSignOut,
				porttest.PasswordPolicy, porttest.Replacing, porttest.ResendCode, porttest.VerifiedAddress,
			},
		}
	})
}

func providerOf(server *realservers.Cognito) *cognito.Provider {
	return cognito.New(cognito.Config{
		PoolID:   server.PoolID,
		ClientID: server.ClientID,
		AWS:      aws.Config{Region: server.Region, BaseEndpoint: aws.String(server.Endpoint)},
	})
}

func verifierOf(t *testing.T, server *realservers.Cognito) *tokens.Verifier {
	t.Helper()
	keys, err := tokens.NewKeySet(tokens.KeySetConfig{URL: server.JWKSURL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	verifier, err := tokens.New(tokens.Config{Issuers: []tokens.Issuer{{
		URLs: []string{server.Issuer}, Provider: server.PoolID, ClientIDs: []string{server.ClientID}, Keys: keys,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// checked verifies an access token before it asks for its user, as the API does.
// cognito-local accepts every token that it can decode and does not check the signature.
type checked struct {
	*cognito.Provider
	verifier ports.TokenVerifier
}

func (c checked) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	if ctx.Err() == nil {
		if _, err := c.verifier.Verify(ctx, access); err != nil {
			return ports.User{}, err
		}
	}
	return c.Provider.User(ctx, access)
}

func TestAnInvitedUserChoosesAPassword(t *testing.T) {
	server := cognitoLocal.Get(t)
	email := mustEmail("Invited@example.com")
	_, err := server.Client().AdminCreateUser(t.Context(), &idp.AdminCreateUserInput{
		UserPoolId:        &server.PoolID,
		Username:          aws.String(email.String()),
		TemporaryPassword: aws.String("Temporary-1"),
		MessageAction:     types.MessageActionTypeSuppress,
		UserAttributes:    []types.AttributeType{{Name: aws.String("email"), Value: aws.String(email.String())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, verifier := providerOf(server), verifierOf(t, server)
	step, err := p.SignIn(t.Context(), email, secret("Temporary-1"))
	if err != nil || step.Challenge == nil || step.Challenge.Name != "NEW_PASSWORD_REQUIRED" {
		t.Fatalf("got %+v, %v", step, err)
	}
	step, err = p.RespondToChallenge(t.Context(), email, ports.ChallengeAnswer{
		Name: "NEW_PASSWORD_REQUIRED", Session: step.Challenge.Session, Responses: map[string]domain.Secret{"NEW_PASSWORD": secret(password)},
	})
	if err != nil {
		t.Fatal(err)
	}
	invited, err := verifier.Verify(t.Context(), step.Tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	step, err = p.SignIn(t.Context(), email, secret(password))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := verifier.Verify(t.Context(), step.Tokens.Access); err != nil || again.Identity() != invited.Identity() {
		t.Errorf("invited as %v, signed in as %v, %v", invited.Identity(), again.Identity(), err)
	}
}
