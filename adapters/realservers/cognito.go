package realservers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

const cognitoLocalVersion = "5.3.0"

// CognitoCode is the code that the emulator "sends" to all users.
const CognitoCode = "424242"

// Cognito is an emulator of Amazon Cognito with one user pool, whose users sign
// in by e-mail address, and one client without a secret.
type Cognito struct {
	Endpoint string // of the API
	Region   string
	PoolID   string
	ClientID string
	Issuer   string
	JWKSURL  string

	folder  string
	process *process
}

// CognitoLocal starts cognito-local for a test.
func CognitoLocal(t testing.TB) *Cognito {
	t.Helper()
	return own(t, StartCognitoLocal)
}

// StartCognitoLocal starts cognito-local. An error may be [Missing].
func StartCognitoLocal(ctx context.Context) (*Cognito, error) {
	program, err := npmPackage(ctx, "cognito-local", cognitoLocalVersion, nothingMore)
	if err != nil {
		return nil, &Missing{Server: "cognito-local", Install: "apt-get install nodejs npm", Err: err}
	}
	port, err := childserver.FreePort()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "partywall-cognito-")
	if err != nil {
		return nil, err
	}
	c := &Cognito{Endpoint: "http://" + childserver.Address(port), Region: "us-east-1", folder: folder}
	if err := c.start(ctx, program, port); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func nothingMore(context.Context, string) error { return nil }

func (c *Cognito) start(ctx context.Context, program string, port int) (err error) {
	cmd := exec.Command("node", filepath.Join(program, "lib", "bin", "start.js"))
	cmd.Dir = c.folder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOST=" + childserver.Loopback, fmt.Sprintf("PORT=%d", port), "CODE=" + CognitoCode}
	if c.process, err = launch(ctx, cmd, c.healthy); err != nil {
		return err
	}
	return c.makePool(ctx)
}

func (c *Cognito) healthy(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Endpoint+"/health", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

func (c *Cognito) makePool(ctx context.Context) error {
	client := c.Client()
	pool, err := client.CreateUserPool(ctx, &cognitoidentityprovider.CreateUserPoolInput{
		PoolName:               aws.String("partywall"),
		UsernameAttributes:     []types.UsernameAttributeType{types.UsernameAttributeTypeEmail},
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
	})
	if err != nil {
		return err
	}
	c.PoolID = aws.ToString(pool.UserPool.Id)
	c.Issuer = c.Endpoint + "/" + c.PoolID
	c.JWKSURL = c.Issuer + "/.well-known/jwks.json"
	created, err := client.CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		ClientName: aws.String("partywall"),
		UserPoolId: pool.UserPool.Id,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return err
	}
	c.ClientID = aws.ToString(created.UserPoolClient.ClientId)
	return nil
}

// Client speaks to the emulator as its administrator.
func (c *Cognito) Client() *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region:       c.Region,
		BaseEndpoint: aws.String(c.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""), // the emulator checks none
	})
}

// VerifyAddress marks the address of a user as verified, because the emulator does not when
// the user confirms it, as Cognito does.
func (c *Cognito) VerifyAddress(ctx context.Context, address string) error {
	_, err := c.Client().AdminUpdateUserAttributes(ctx, &cognitoidentityprovider.AdminUpdateUserAttributesInput{
		UserPoolId: aws.String(c.PoolID),
		Username:   aws.String(address),
		UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String(address)}, // the emulator requires it beside the next one
			{Name: aws.String("email_verified"), Value: aws.String("true")},
		},
	})
	return err
}

// Close stops the emulator and forgets its users.
func (c *Cognito) Close() error {
	if c.process != nil {
		c.process.End()
	}
	return os.RemoveAll(c.folder)
}
