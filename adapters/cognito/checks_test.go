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
	"github.com/partywall-go/partywall/ports/doctor"
)

// good returns how Cognito describes the pool and the client that the commands of
// docs/production.md create.
func good(t *testing.T) (ofPool, ofClient map[string]any) {
	t.Helper()
	ofPool, ofClient = documented(t)
	maps.Copy(ofPool, map[string]any{
		"Id": pool, "Name": ofPool["PoolName"],
		"SchemaAttributes": []map[string]any{{"Name": "sub", "Required": true}, {"Name": "email", "Required": true}, {"Name": "name", "Required": false}},
	})
	if ofClient["GenerateSecret"] != true {
		t.Fatal("the client of the docs has no secret")
	}
	maps.Copy(ofClient, map[string]any{"ClientId": clientID, "ClientSecret": clientSecret})
	return ofPool, ofClient
}

// runChecks returns the findings by their checks.
func runChecks(t *testing.T, cfg cognito.Config, now func() time.Time) map[string]doctor.Finding {
	t.Helper()
	findings := map[string]doctor.Finding{}
	for _, f := range cognito.RunChecks(t.Context(), cfg, now) {
		if (f.Severity == doctor.OK) != (f.Fix == "") || f.Summary == "" || strings.Contains(f.Summary+f.Fix, "\n") || strings.Contains(f.Summary+f.Fix, clientSecret) {
			t.Errorf("want a finding with a problem and a fix, in one line without a secret, got %+v", f)
		}
		findings[f.Check] = f
	}
	return findings
}

// mustFind requires a finding, and that no other check reports a problem.
func mustFind(t *testing.T, findings map[string]doctor.Finding, check string, severity doctor.Severity, says string) {
	t.Helper()
	for name, f := range findings {
		switch {
		case name == check:
			if f.Severity != severity || !strings.Contains(f.Summary+" / "+f.Fix, says) {
				t.Errorf("want %s %q, got %+v", severity, says, f)
			}
		case f.Severity != doctor.OK:
			t.Errorf("it also finds %+v", f)
		}
	}
	if _, found := findings[check]; !found {
		t.Errorf("%s found nothing", check)
	}
}

// poolWith returns a script whose pool and client have the changes; nil removes a field.
func poolWith(t *testing.T, changePool, changeClient map[string]any) (*script, cognito.Config) {
	t.Helper()
	apply := func(to, changes map[string]any) map[string]any {
		maps.Copy(to, changes)
		maps.DeleteFunc(to, func(_ string, v any) bool { return v == nil })
		return to
	}
	s := newScript(t)
	s.on("GetUser", throws("NotAuthorizedException"))
	ofPool, ofClient := good(t)
	s.on("DescribeUserPool", answer{body: map[string]any{"UserPool": apply(ofPool, changePool)}})
	s.on("DescribeUserPoolClient", answer{body: map[string]any{"UserPoolClient": apply(ofClient, changeClient)}})
	cfg := s.config()
	cfg.AWS.Credentials = credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")
	return s, cfg
}

func TestChecks(t *testing.T) {
	t.Run("nothing is wrong with a pool made as the documentation says", func(t *testing.T) {
		_, cfg := poolWith(t, nil, nil)
		findings := runChecks(t, cfg, time.Now)
		mustFind(t, findings, "cognito", doctor.OK, "")
		if len(findings) != len(cognito.Checks()) {
			t.Errorf("of %d checks, %d were made", len(cognito.Checks()), len(findings))
		}
	})
	for name, c := range map[string]struct {
		pool, client map[string]any
		check        string
		severity     doctor.Severity
		says         string
	}{
		"a user name that isn't the address":           {pool: map[string]any{"UsernameAttributes": nil, "AliasAttributes": []string{"email"}}, check: "cognito-sign-in", severity: doctor.Error, says: "--username-attributes email"},
		"capital letters that count":                   {pool: map[string]any{"UsernameConfiguration": map[string]any{"CaseSensitive": true}}, check: "cognito-case", severity: doctor.Warning, says: "CaseSensitive=false"},
		"capital letters by default":                   {pool: map[string]any{"UsernameConfiguration": nil}, check: "cognito-case", severity: doctor.Warning, says: "CaseSensitive=false"},
		"addresses that are not verified":              {pool: map[string]any{"AutoVerifiedAttributes": nil}, check: "cognito-verification", severity: doctor.Error, says: "--auto-verified-attributes email"},
		"changed addresses that count at once":         {pool: map[string]any{"UserAttributeUpdateSettings": nil}, check: "cognito-address-change", severity: doctor.Warning, says: "AttributesRequireVerificationBeforeUpdate=email"},
		"users created by administrators":              {pool: map[string]any{"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": true}}, check: "cognito-sign-up", severity: doctor.Warning, says: "AllowAdminCreateUserOnly=false"},
		"an attribute that a sign-up does not contain": {pool: map[string]any{"SchemaAttributes": []map[string]any{{"Name": "birthdate", "Required": true}}}, check: "cognito-attributes", severity: doctor.Error, says: "birthdate"},
		"short passwords":                              {pool: map[string]any{"Policies": map[string]any{"PasswordPolicy": map[string]any{"MinimumLength": 6}}}, check: "cognito-password", severity: doctor.Warning, says: "6 characters"},
		"a pool that one call deletes":                 {pool: map[string]any{"DeletionProtection": "INACTIVE"}, check: "cognito-deletion", severity: doctor.Warning, says: "--deletion-protection ACTIVE"},
		"fifty mails a day":                            {pool: map[string]any{"EmailConfiguration": map[string]any{"EmailSendingAccount": "COGNITO_DEFAULT"}}, check: "cognito-mail", severity: doctor.Warning, says: "50 mails"},
		"a secret of another client's":                 {client: map[string]any{"ClientSecret": "another"}, check: "cognito-secret", severity: doctor.Error, says: "another one's"},
		"a secret of a client that has none":           {client: map[string]any{"ClientSecret": nil}, check: "cognito-secret", severity: doctor.Error, says: "unset COGNITO_CLIENT_SECRET"},
		"a flow that is missing":                       {client: map[string]any{"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH"}}, check: "cognito-flows", severity: doctor.Error, says: "--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH"},
		"errors that reveal accounts":                  {client: map[string]any{"PreventUserExistenceErrors": "LEGACY"}, check: "cognito-existence", severity: doctor.Warning, says: "ENABLED"},
		"sessions that can't be ended":                 {client: map[string]any{"EnableTokenRevocation": false}, check: "cognito-revocation", severity: doctor.Warning, says: "--enable-token-revocation"},
		"tokens that live twelve hours":                {client: map[string]any{"AccessTokenValidity": 12, "TokenValidityUnits": nil}, check: "cognito-token-life", severity: doctor.Warning, says: "12h0m0s"},
		"tokens that live two days":                    {client: map[string]any{"AccessTokenValidity": 2, "TokenValidityUnits": map[string]any{"AccessToken": "days"}}, check: "cognito-token-life", severity: doctor.Error, says: "are refused"},
		"attributes that users write":                  {client: map[string]any{"WriteAttributes": []string{"email", "custom:tenant_id"}}, check: "cognito-writable", severity: doctor.Warning, says: "custom:tenant_id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, cfg := poolWith(t, c.pool, c.client)
			findings := runChecks(t, cfg, time.Now)
			mustFind(t, findings, c.check, c.severity, c.says)
			follow(t, findings[c.check], c.pool, c.client)
		})
	}
	t.Run("a secret that is not set", func(t *testing.T) {
		_, cfg := poolWith(t, nil, nil)
		cfg.ClientSecret = secret("")
		mustFind(t, runChecks(t, cfg, time.Now), "cognito-secret", doctor.Error, "set COGNITO_CLIENT_SECRET")
	})
	t.Run("a clock that is wrong", func(t *testing.T) {
		_, cfg := poolWith(t, nil, nil)
		slow := func() time.Time { return time.Now().Add(-10 * time.Minute) }
		mustFind(t, runChecks(t, cfg, slow), "cognito-clock", doctor.Error, "behind that of Cognito")
	})
}

// follow does what a finding about a changed pool or client advises. Then nothing is
// wrong.
func follow(t *testing.T, found doctor.Finding, changePool, changeClient map[string]any) {
	t.Helper()
	changePool, changeClient = maps.Clone(changePool), maps.Clone(changeClient)
	clientSecret := clientSecret
	switch {
	case found.Check == "cognito-secret" && changeClient["ClientSecret"] == nil:
		if !strings.Contains(found.Fix, "unset COGNITO_CLIENT_SECRET") {
			t.Errorf("no advice to follow: %s", found.Fix)
		}
		clientSecret = ""
	case found.Check == "cognito-secret":
		if !strings.Contains(found.Fix, "set it anew; aws cognito-idp describe-user-pool-client --user-pool-id "+pool+" --client-id "+clientID+" shows it") {
			t.Errorf("no advice to follow: %s", found.Fix)
		}
		clientSecret = changeClient["ClientSecret"].(string)
	case found.Check == "cognito-attributes":
		if found.Fix != "create another pool that requires only email; this cannot be changed in an existing pool" {
			t.Errorf("no advice to follow: %s", found.Fix)
		}
		changePool = nil
	default:
		subcommand, settings := settingsOf(t, strings.TrimSuffix(found.Fix, ", together with all other settings, which it resets otherwise"))
		changes := &changePool
		if strings.HasSuffix(subcommand, "-client") {
			changes = &changeClient
		}
		if *changes == nil {
			*changes = map[string]any{}
		}
		maps.Copy(*changes, settings)
	}
	_, cfg := poolWith(t, changePool, changeClient)
	cfg.ClientSecret = secret(clientSecret)
	mustFind(t, runChecks(t, cfg, time.Now), found.Check, doctor.OK, "")
}

func TestChecksWithoutRights(t *testing.T) {
	t.Run("a missing right is a warning that names the action", func(t *testing.T) {
		for _, exception := range []string{"AccessDeniedException", "NotAuthorizedException"} {
			s, cfg := poolWith(t, nil, nil)
			s.on("DescribeUserPool", throws(exception))
			mustFind(t, runChecks(t, cfg, time.Now), "cognito-pool", doctor.Warning, "allow cognito-idp:DescribeUserPool ")
			s, cfg = poolWith(t, nil, nil)
			s.on("DescribeUserPoolClient", throws(exception))
			mustFind(t, runChecks(t, cfg, time.Now), "cognito-client", doctor.Warning, "allow cognito-idp:DescribeUserPoolClient ")
		}
	})
	t.Run("unusable credentials are not reported as a missing right", func(t *testing.T) {
		for exception, says := range map[string]string{"UnrecognizedClientException": "AWS_ACCESS_KEY_ID", "ExpiredTokenException": "have expired", "InvalidSignatureException": "AWS_SECRET_ACCESS_KEY"} {
			s, cfg := poolWith(t, nil, nil)
			s.on("DescribeUserPool", throws(exception))
			mustFind(t, runChecks(t, cfg, time.Now), "cognito-pool", doctor.Warning, says)
		}
	})
	t.Run("without credentials the remaining checks are made", func(t *testing.T) {
		_, cfg := poolWith(t, nil, nil)
		cfg.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("there are none")
		})
		findings := runChecks(t, cfg, time.Now)
		for check, severity := range map[string]doctor.Severity{"cognito": doctor.OK, "cognito-clock": doctor.OK, "cognito-pool": doctor.Warning, "cognito-client": doctor.Warning} {
			if got := findings[check]; got.Severity != severity {
				t.Errorf("got %+v", got)
			}
		}
		if got := findings["cognito-pool"]; !strings.Contains(got.Summary, "has no AWS credentials") || strings.Contains(got.Fix, "allow ") {
			t.Errorf("got %+v", got)
		}
		if !strings.Contains(findings["cognito-client"].Summary, "cognito-flows") {
			t.Errorf("it does not report what it skipped: %+v", findings["cognito-client"])
		}
	})
	t.Run("a pool or a client that does not exist", func(t *testing.T) {
		s, cfg := poolWith(t, nil, nil)
		s.on("DescribeUserPool", throws("ResourceNotFoundException"))
		mustFind(t, runChecks(t, cfg, time.Now), "cognito-pool", doctor.Error, "COGNITO_USER_POOL_ID")
		s, cfg = poolWith(t, nil, nil)
		s.on("DescribeUserPoolClient", throws("ResourceNotFoundException"))
		mustFind(t, runChecks(t, cfg, time.Now), "cognito-client", doctor.Error, "list-user-pool-clients --user-pool-id")
	})
	t.Run("a server that cannot be reached", func(t *testing.T) {
		gone := httptest.NewServer(nil)
		gone.Close()
		_, cfg := poolWith(t, nil, nil)
		cfg.AWS.BaseEndpoint = &gone.URL
		mustFind(t, runChecks(t, cfg, time.Now), "cognito", doctor.Error, "cognito-clock, cognito-pool")
	})
	t.Run("a server that is out of order", func(t *testing.T) {
		s, cfg := poolWith(t, nil, nil)
		s.on("DescribeUserPool", answer{status: 500, exception: "InternalErrorException", message: ownWords})
		mustFind(t, runChecks(t, cfg, time.Now), "cognito-pool", doctor.Error, "aws sts get-caller-identity")
	})
}

// TestChecksOfAPoolOfTheEmulator makes mistakes in a pool of cognito-local.
func TestChecksOfAPoolOfTheEmulator(t *testing.T) {
	local := cognitoLocal.Get(t)
	cfg := cognito.Config{PoolID: local.PoolID, ClientID: local.ClientID, AWS: aws.Config{
		Region: local.Region, BaseEndpoint: &local.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}}
	expect := func(t *testing.T, findings map[string]doctor.Finding, check string, severity doctor.Severity) {
		t.Helper()
		if got := findings[check]; got.Severity != severity {
			t.Errorf("want %s of %s, got %+v", severity, check, got)
		}
	}
	findings := runChecks(t, cfg, time.Now)
	for _, check := range []string{"cognito", "cognito-clock", "cognito-pool", "cognito-sign-in", "cognito-verification", "cognito-client", "cognito-flows", "cognito-secret"} {
		expect(t, findings, check, doctor.OK)
	}
	expect(t, findings, "cognito-address-change", doctor.Warning)

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
	findings = runChecks(t, cfg, time.Now)
	for _, check := range []string{"cognito-verification", "cognito-flows", "cognito-secret"} {
		expect(t, findings, check, doctor.Error)
	}
	cfg.PoolID = "local_nowhere"
	expect(t, runChecks(t, cfg, time.Now), "cognito-pool", doctor.Error)
}
