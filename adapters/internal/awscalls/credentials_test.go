package awscalls_test

import (
	"context"
	"crypto/sha1" //nolint:gosec // the SDK's name for a file
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
)

// call calls a service with the credentials that the SDK finds in this environment
// and in the configuration file; the service and STS answer with an error of that
// name.
func call(t *testing.T, code, file string, env map[string]string) error {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(http.StatusForbidden)
		if r.URL.Path == "/" { // STS speaks XML
			io.WriteString(w, "<ErrorResponse><Error><Code>"+code+"</Code><Message>no</Message></Error></ErrorResponse>")
		}
	}))
	t.Cleanup(server.Close)
	home := t.TempDir()
	path := filepath.Join(home, "config")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"HOME": home, "AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": server.URL} {
		t.Setenv(name, value)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	// The remains of an SSO login of long ago.
	sum := sha1.Sum([]byte("https://example.awsapps.com/start")) //nolint:gosec // as above
	cache := filepath.Join(home, ".aws", "sso", "cache")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), []byte(`{"accessToken":"x","expiresAt":"2020-01-01T00:00:00Z"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := awsconfig.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = sesv2.NewFromConfig(awscalls.Recognizable(cfg)).GetAccount(t.Context(), &sesv2.GetAccountInput{})
	return err
}

const (
	ssoProfile = "[default]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
)

func TestCredentialTrouble(t *testing.T) {
	static := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
	for name, c := range map[string]struct {
		code, file string
		env        map[string]string
		what, fix  string // empty if the credentials are valid
		denied     bool
	}{
		"none":                           {env: nil, what: "has no AWS credentials", fix: "aws configure"},
		"an SSO login that has expired":  {file: ssoProfile, what: "SSO login has expired", fix: "aws sso login"},
		"an SSO login that never was":    {file: strings.ReplaceAll(ssoProfile, "example.", "other."), what: "or there was none", fix: "aws sso login"},
		"keys that have expired":         {code: "ExpiredTokenException", env: static, what: "have expired", fix: "AWS_SESSION_TOKEN"},
		"S3's name for that":             {code: "ExpiredToken", env: static, what: "have expired", fix: "aws sso login"},
		"a key that AWS does not have":   {code: "UnrecognizedClientException", env: static, what: "does not have the access key", fix: "AWS_ACCESS_KEY_ID"},
		"a wrong secret":                 {code: "SignatureDoesNotMatch", env: static, what: "is not that of the access key", fix: "AWS_SECRET_ACCESS_KEY"},
		"Cognito's name for that":        {code: "InvalidSignatureException", env: static, what: "clock of this machine", fix: "AWS_SECRET_ACCESS_KEY"},
		"a wrong clock":                  {code: "RequestTimeTooSkewed", env: static, what: "clock of this machine", fix: "timedatectl"},
		"a missing permission":           {code: "AccessDeniedException", env: static, denied: true},
		"an error of the service's":      {code: "InternalFailure", env: static},
		"a file of an identity provider": {env: map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, what: "/nowhere/token", fix: "role"},
	} {
		t.Run(name, func(t *testing.T) {
			err := call(t, c.code, c.file, c.env)
			what, fix, ok := awscalls.CredentialTrouble(err)
			if ok != (c.what != "") || !strings.Contains(what, c.what) || !strings.Contains(fix, c.fix) || strings.Contains(what+fix, "\n") {
				t.Errorf("%v: %q, %q, %v", err, what, fix, ok)
			}
			if got := awscalls.Denied(err); got != c.denied {
				t.Errorf("%v: denied %v", err, got)
			}
		})
	}
	for name, c := range map[string]struct {
		err  error
		what string
	}{
		"a role that cannot be assumed":  {&smithy.GenericAPIError{Code: "AccessDenied"}, "cannot assume the AWS role (AccessDenied)"},
		"an unreachable server of roles": {&smithyhttp.RequestSendError{Err: errors.New("no such host")}, "cannot fetch the AWS credentials: "},
		"a machine outside of AWS":       {fmt.Errorf("operation error ec2imds: GetMetadata, %w", &smithyhttp.RequestSendError{Err: errors.New("no route")}), "has no AWS credentials"},
	} {
		cfg := awscalls.Recognizable(aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, c.err })})
		_, err := sesv2.NewFromConfig(cfg).GetAccount(t.Context(), &sesv2.GetAccountInput{})
		if what, fix, ok := awscalls.CredentialTrouble(err); !ok || !strings.Contains(what, c.what) || fix == "" || awscalls.Denied(err) {
			t.Errorf("%s: %q, %q", name, what, fix)
		}
	}
	if _, _, ok := awscalls.CredentialTrouble(nil); ok {
		t.Error("errors of other causes report no trouble")
	}
}
