package cognito_test

import (
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/adapters/cognito"
	"github.com/partywall-go/partywall/ports"
)

// goodPool and goodClient are what docs/production.md makes.
func goodPool() map[string]any {
	return map[string]any{
		"Name": "partywall", "Id": pool,
		"UsernameAttributes":          []string{"email"},
		"UsernameConfiguration":       map[string]any{"CaseSensitive": false},
		"AutoVerifiedAttributes":      []string{"email"},
		"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
		"AdminCreateUserConfig":       map[string]any{"AllowAdminCreateUserOnly": false},
		"DeletionProtection":          "ACTIVE",
		"EmailConfiguration":          map[string]any{"EmailSendingAccount": "DEVELOPER"},
		"Policies":                    map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 12}},
		"SchemaAttributes":            []map[string]any{{"Name": "sub", "Required": true}, {"Name": "email", "Required": true}, {"Name": "name", "Required": false}},
	}
}

func goodClient() map[string]any {
	return map[string]any{
		"ClientId": clientID, "ClientName": "partywall", "ClientSecret": clientSecret,
		"ExplicitAuthFlows":          []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		"PreventUserExistenceErrors": "ENABLED",
		"EnableTokenRevocation":      true,
		"AccessTokenValidity":        60,
		"TokenValidityUnits":         map[string]any{"AccessToken": "minutes"},
		"WriteAttributes":            []string{"email"},
	}
}

// examine returns the findings by their checks.
func examine(t *testing.T, cfg cognito.Config, now func() time.Time) map[string]ports.Finding {
	t.Helper()
	findings := map[string]ports.Finding{}
	for _, f := range cognito.Examine(t.Context(), cfg, now) {
		if (f.Severity == ports.SeverityOK) != (f.Mend == "") || f.What == "" || strings.Contains(f.What+f.Mend, "\n") || strings.Contains(f.What+f.Mend, clientSecret) {
			t.Errorf("want a finding with a problem and a fix, in one line without a secret, got %+v", f)
		}
		findings[f.Check] = f
	}
	return findings
}

// mustFind requires a finding, and that no other check reports a problem.
func mustFind(t *testing.T, findings map[string]ports.Finding, check string, severity ports.Severity, says string) {
	t.Helper()
	for name, f := range findings {
		switch {
		case name == check:
			if f.Severity != severity || !strings.Contains(f.What+" / "+f.Mend, says) {
				t.Errorf("want %s %q, got %+v", severity, says, f)
			}
		case f.Severity != ports.SeverityOK:
			t.Errorf("it also finds %+v", f)
		}
	}
	if _, found := findings[check]; !found {
		t.Errorf("%s found nothing", check)
	}
}

// examined returns a script whose pool and client have the changes; nil removes a field.
func examined(t *testing.T, changePool, changeClient map[string]any) (*script, cognito.Config) {
	t.Helper()
	apply := func(to, changes map[string]any) map[string]any {
		maps.Copy(to, changes)
		maps.DeleteFunc(to, func(_ string, v any) bool { return v == nil })
		return to
	}
	s := newScript(t)
	s.on("GetUser", throws("NotAuthorizedException"))
	s.on("DescribeUserPool", answer{body: map[string]any{"UserPool": apply(goodPool(), changePool)}})
	s.on("DescribeUserPoolClient", answer{body: map[string]any{"UserPoolClient": apply(goodClient(), changeClient)}})
	cfg := s.config()
	cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	return s, cfg
}

func TestExamine(t *testing.T) {
	t.Run("nothing is wrong with a pool made as the documentation says", func(t *testing.T) {
		_, cfg := examined(t, nil, nil)
		findings := examine(t, cfg, time.Now)
		mustFind(t, findings, "cognito", ports.SeverityOK, "")
		if len(findings) != len(cognito.Checks()) {
			t.Errorf("of %d checks, %d were made", len(cognito.Checks()), len(findings))
		}
	})
	for name, c := range map[string]struct {
		pool, client map[string]any
		check        string
		severity     ports.Severity
		says         string
	}{
		"a user name that isn't the address":           {pool: map[string]any{"UsernameAttributes": nil, "AliasAttributes": []string{"email"}}, check: "cognito-sign-in", severity: ports.SeverityError, says: "--username-attributes email"},
		"capital letters that count":                   {pool: map[string]any{"UsernameConfiguration": map[string]any{"CaseSensitive": true}}, check: "cognito-case", severity: ports.SeverityWarning, says: "CaseSensitive=false"},
		"capital letters by default":                   {pool: map[string]any{"UsernameConfiguration": nil}, check: "cognito-case", severity: ports.SeverityWarning, says: "CaseSensitive=false"},
		"addresses that are not verified":              {pool: map[string]any{"AutoVerifiedAttributes": nil}, check: "cognito-verification", severity: ports.SeverityError, says: "--auto-verified-attributes email"},
		"changed addresses that count at once":         {pool: map[string]any{"UserAttributeUpdateSettings": nil}, check: "cognito-address-change", severity: ports.SeverityWarning, says: "AttributesRequireVerificationBeforeUpdate=email"},
		"users created by administrators":              {pool: map[string]any{"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": true}}, check: "cognito-sign-up", severity: ports.SeverityWarning, says: "AllowAdminCreateUserOnly=false"},
		"an attribute that a sign-up does not contain": {pool: map[string]any{"SchemaAttributes": []map[string]any{{"Name": "birthdate", "Required": true}}}, check: "cognito-attributes", severity: ports.SeverityError, says: "birthdate"},
		"short passwords":                              {pool: map[string]any{"Policies": map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 6}}}, check: "cognito-password", severity: ports.SeverityWarning, says: "6 characters"},
		"a pool that one call deletes":                 {pool: map[string]any{"DeletionProtection": "INACTIVE"}, check: "cognito-deletion", severity: ports.SeverityWarning, says: "--deletion-protection ACTIVE"},
		"fifty mails a day":                            {pool: map[string]any{"EmailConfiguration": map[string]any{"EmailSendingAccount": "COGNITO_DEFAULT"}}, check: "cognito-mail", severity: ports.SeverityWarning, says: "50 mails"},
		"a secret of another client's":                 {client: map[string]any{"ClientSecret": "another"}, check: "cognito-secret", severity: ports.SeverityError, says: "another one's"},
		"a secret of a client that has none":           {client: map[string]any{"ClientSecret": nil}, check: "cognito-secret", severity: ports.SeverityError, says: "unset COGNITO_CLIENT_SECRET"},
		"a flow that is missing":                       {client: map[string]any{"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH"}}, check: "cognito-flows", severity: ports.SeverityError, says: "--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH"},
		"errors that reveal accounts":                  {client: map[string]any{"PreventUserExistenceErrors": "LEGACY"}, check: "cognito-existence", severity: ports.SeverityWarning, says: "ENABLED"},
		"sessions that can't be ended":                 {client: map[string]any{"EnableTokenRevocation": false}, check: "cognito-revocation", severity: ports.SeverityWarning, says: "--enable-token-revocation"},
		"tokens that live twelve hours":                {client: map[string]any{"AccessTokenValidity": 12, "TokenValidityUnits": nil}, check: "cognito-token-life", severity: ports.SeverityWarning, says: "12h0m0s"},
		"tokens that live two days":                    {client: map[string]any{"AccessTokenValidity": 2, "TokenValidityUnits": map[string]any{"AccessToken": "days"}}, check: "cognito-token-life", severity: ports.SeverityError, says: "are refused"},
		"attributes that users write":                  {client: map[string]any{"WriteAttributes": []string{"email", "custom:tenant_id"}}, check: "cognito-writable", severity: ports.SeverityWarning, says: "custom:tenant_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, cfg := examined(t, c.pool, c.client)
			mustFind(t, examine(t, cfg, time.Now), c.check, c.severity, c.says)
		})
	}
	t.Run("a secret that is not set", func(t *testing.T) {
		_, cfg := examined(t, nil, nil)
		cfg.ClientSecret = secret("")
		mustFind(t, examine(t, cfg, time.Now), "cognito-secret", ports.SeverityError, "set COGNITO_CLIENT_SECRET")
	})
	t.Run("a clock that is wrong", func(t *testing.T) {
		_, cfg := examined(t, nil, nil)
		slow := func() time.Time { return time.Now().Add(-10 * time.Minute) }
		mustFind(t, examine(t, cfg, slow), "cognito-clock", ports.SeverityError, "behind that of Cognito")
	})
}

func TestExamineWithoutRights(t *testing.T) {
	t.Run("a missing right is a warning that names the action", func(t *testing.T) {
		for _, exception := range []string{"AccessDeniedException", "NotAuthorizedException"} {
			s, cfg := examined(t, nil, nil)
			s.on("DescribeUserPool", throws(exception))
			mustFind(t, examine(t, cfg, time.Now), "cognito-pool", ports.SeverityWarning, "allow cognito-idp:DescribeUserPool ")
			s, cfg = examined(t, nil, nil)
			s.on("DescribeUserPoolClient", throws(exception))
			mustFind(t, examine(t, cfg, time.Now), "cognito-client", ports.SeverityWarning, "allow cognito-idp:DescribeUserPoolClient ")
		}
	})
	t.Run("unusable credentials are not reported as a missing right", func(t *testing.T) {
		for exception, says := range map[string]string{"UnrecognizedClientException": "AWS_ACCESS_KEY_ID", "ExpiredTokenException": "have expired", "InvalidSignatureException": "AWS_SECRET_ACCESS_KEY"} {
			s, cfg := examined(t, nil, nil)
			s.on("DescribeUserPool", throws(exception))
			mustFind(t, examine(t, cfg, time.Now), "cognito-pool", ports.SeverityWarning, says)
		}
	})
	t.Run("without credentials the remaining checks are made", func(t *testing.T) {
		_, cfg := examined(t, nil, nil)
		cfg.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("there are none")
		})
		findings := examine(t, cfg, time.Now)
		for check, severity := range map[string]ports.Severity{"cognito": ports.SeverityOK, "cognito-clock": ports.SeverityOK, "cognito-pool": ports.SeverityWarning, "cognito-client": ports.SeverityWarning} {
			if got := findings[check]; got.Severity != severity {
				t.Errorf("got %+v", got)
			}
		}
		if got := findings["cognito-pool"]; !strings.Contains(got.What, "has no AWS credentials") || strings.Contains(got.Mend, "allow ") {
			t.Errorf("got %+v", got)
		}
		if !strings.Contains(findings["cognito-client"].What, "cognito-flows") {
			t.Errorf("it does not report what it skipped: %+v", findings["cognito-client"])
		}
	})
	t.Run("a pool or a client that does not exist", func(t *testing.T) {
		s, cfg := examined(t, nil, nil)
		s.on("DescribeUserPool", throws("ResourceNotFoundException"))
		mustFind(t, examine(t, cfg, time.Now), "cognito-pool", ports.SeverityError, "COGNITO_USER_POOL_ID")
		s, cfg = examined(t, nil, nil)
		s.on("DescribeUserPoolClient", throws("ResourceNotFoundException"))
		mustFind(t, examine(t, cfg, time.Now), "cognito-client", ports.SeverityError, "list-user-pool-clients --user-pool-id")
	})
	t.Run("a server that cannot be reached", func(t *testing.T) {
		gone := httptest.NewServer(nil)
		gone.Close()
		_, cfg := examined(t, nil, nil)
		cfg.AWS.BaseEndpoint = &gone.URL
		mustFind(t, examine(t, cfg, time.Now), "cognito", ports.SeverityError, "cognito-clock, cognito-pool")
	})
	t.Run("a server that is out of order", func(t *testing.T) {
		s, cfg := examined(t, nil, nil)
		s.on("DescribeUserPool", answer{status: 500, exception: "InternalErrorException", message: ownWords})
		mustFind(t, examine(t, cfg, time.Now), "cognito-pool", ports.SeverityError, "aws sts get-caller-identity")
	})
}

// TestExamineAPoolOfTheEmulator makes mistakes in a pool of cognito-local.
func TestExamineAPoolOfTheEmulator(t *testing.T) {
	local := cognitoLocal.Get(t)
	cfg := cognito.Config{PoolID: local.PoolID, ClientID: local.ClientID, AWS: aws.Config{
		Region: local.Region, BaseEndpoint: &local.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}}
	expect := func(t *testing.T, findings map[string]ports.Finding, check string, severity ports.Severity) {
		t.Helper()
		if got := findings[check]; got.Severity != severity {
			t.Errorf("want %s of %s, got %+v", severity, check, got)
		}
	}
	findings := examine(t, cfg, time.Now)
	for _, check := range []string{"cognito", "cognito-clock", "cognito-pool", "cognito-sign-in", "cognito-verification", "cognito-client", "cognito-flows", "cognito-secret"} {
		expect(t, findings, check, ports.SeverityOK)
	}
	expect(t, findings, "cognito-address-change", ports.SeverityWarning)

	bad, err := local.Client().CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("bad")})
	if err != nil {
		t.Fatal(err)
	}
	client, err := local.Client().CreateUserPoolClient(t.Context(), &idp.CreateUserPoolClientInput{
		ClientName: aws.String("bad"), UserPoolId: bad.UserPool.Id, GenerateSecret: true,
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.PoolID, cfg.ClientID = *bad.UserPool.Id, *client.UserPoolClient.ClientId
	findings = examine(t, cfg, time.Now)
	for _, check := range []string{"cognito-verification", "cognito-flows", "cognito-secret"} {
		expect(t, findings, check, ports.SeverityError)
	}
	cfg.PoolID = "local_nowhere"
	expect(t, examine(t, cfg, time.Now), "cognito-pool", ports.SeverityError)
}
