package cognito

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/adapters/internal/skew"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/doctor"
)

// checker is one run of the checks on a pool and its app client.
type checker struct {
	cfg Config
	now func() time.Time

	public *idp.Client // asks without credentials
	api    *idp.Client

	ofClock doctor.Finding            // set once Cognito was reached
	pool    *types.UserPoolType       // set once it is described
	client  *types.UserPoolClientType // set once it is described
}

func (e *checker) checks() []doctor.Check {
	return []doctor.Check{
		{Name: "cognito", About: "Cognito is reached", Run: e.reach},
		{Name: "cognito-clock", About: "our clock agrees with Cognito's", Needs: "cognito", Run: e.clock},
		{Name: "cognito-pool", About: "the pool exists and can be described", Needs: "cognito", Run: e.describePool},
		{Name: "cognito-sign-in", About: "people sign in by e-mail address", Needs: "cognito-pool", Run: e.signInName},
		{Name: "cognito-case", About: "capital letters in an address make no other user", Needs: "cognito-pool", Run: e.caseInsensitive},
		{Name: "cognito-verification", About: "the pool verifies addresses", Needs: "cognito-pool", Run: e.verification},
		{Name: "cognito-address-change", About: "a changed address counts only once it is verified", Needs: "cognito-pool", Run: e.addressChange},
		{Name: "cognito-sign-up", About: "people may sign themselves up", Needs: "cognito-pool", Run: e.selfSignUp},
		{Name: "cognito-attributes", About: "no attribute is required that a sign-up does not contain", Needs: "cognito-pool", Run: e.requiredAttributes},
		{Name: "cognito-password", About: passwordsAreLong, Needs: "cognito-pool", Run: e.passwordLength},
		{Name: "cognito-deletion", About: "the pool is protected from deletion", Needs: "cognito-pool", Run: e.deletionProtection},
		{Name: "cognito-mail", About: "the pool's mail goes through SES, not the 50 a day that Cognito sends by itself", Needs: "cognito-pool", Run: e.poolMail},
		{Name: "cognito-client", About: "the app client exists and can be described", Needs: "cognito", Run: e.describeClient},
		{Name: "cognito-secret", About: "`COGNITO_CLIENT_SECRET` is the client's", Needs: "cognito-client", Run: e.clientSecret},
		{Name: "cognito-flows", About: "the client allows `ALLOW_USER_PASSWORD_AUTH`", Needs: "cognito-client", Run: e.flows},
		{Name: "cognito-existence", About: "the client does not reveal which addresses have an account", Needs: "cognito-client", Run: e.userExistence},
		{Name: "cognito-revocation", About: "refresh tokens can be revoked", Needs: "cognito-client", Run: e.revocation},
		{Name: "cognito-token-life", About: "access tokens live an hour, and no longer than a day", Needs: "cognito-client", Run: e.tokenLife},
		{Name: "cognito-writable", About: "users cannot write their own custom attributes", Needs: "cognito-client", Run: e.writableAttributes},
	}
}

// Checks describes the checks of [RunChecks].
func Checks() []doctor.Info { return doctor.Describe((&checker{}).checks()) }

// RunChecks reports mistakes in the settings of a pool and its app client. It
// changes nothing. It needs cognito-idp:DescribeUserPool and
// cognito-idp:DescribeUserPoolClient. now is our clock.
func RunChecks(ctx context.Context, cfg Config, now func() time.Time) []doctor.Finding {
	e := &checker{cfg: cfg, now: now}
	e.public = newClient(cfg.AWS, aws.AnonymousCredentials{}, aws.NopRetryer{})
	e.api = newClient(cfg.AWS, awscalls.Recognizable(cfg.AWS).Credentials, aws.NopRetryer{})
	return doctor.Run(ctx, e.checks())
}

// reach sends a request that needs no credentials and accepts any answer, even a
// refusal, because each contains the time.
func (e *checker) reach(ctx context.Context) (doctor.Finding, error) {
	before := e.now()
	_, err := e.public.GetUser(ctx, &idp.GetUserInput{AccessToken: aws.String("none")})
	after := e.now()
	header, _, answered := awscalls.Response(err)
	if !answered {
		return doctor.Fail("cannot reach Cognito: "+awscalls.OneLine(cause("GetUser", err)), "check COGNITO_USER_POOL_ID, which begins with the pool's region, and the network access of this machine: NAT gateway, or VPC endpoint com.amazonaws."+e.cfg.AWS.Region+".cognito-idp"), nil
	}
	e.ofClock = doctor.Pass("Cognito's answer has no Date header")
	if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
		e.ofClock = skew.Compare("Cognito", theirs, before, after, time.Second)
	}
	return doctor.Pass("Cognito answers"), nil
}

func (e *checker) clock(context.Context) (doctor.Finding, error) { return e.ofClock, nil }

func (e *checker) describePool(ctx context.Context) (doctor.Finding, error) {
	out, err := e.api.DescribeUserPool(ctx, &idp.DescribeUserPoolInput{UserPoolId: &e.cfg.PoolID})
	if err != nil || out.UserPool == nil {
		return e.undescribed(err, "cognito-idp:DescribeUserPool", "the pool "+e.cfg.PoolID,
			"set COGNITO_USER_POOL_ID to an existing pool: aws cognito-idp list-user-pools --max-results 60"), nil
	}
	e.pool = out.UserPool
	return doctor.Pass("the pool is " + cmp.Or(aws.ToString(e.pool.Name), e.cfg.PoolID)), nil
}

func (e *checker) describeClient(ctx context.Context) (doctor.Finding, error) {
	out, err := e.api.DescribeUserPoolClient(ctx, &idp.DescribeUserPoolClientInput{UserPoolId: &e.cfg.PoolID, ClientId: &e.cfg.ClientID})
	if err != nil || out.UserPoolClient == nil {
		return e.undescribed(err, "cognito-idp:DescribeUserPoolClient", "the app client "+e.cfg.ClientID,
			"set COGNITO_CLIENT_ID to one of the pool's: aws cognito-idp list-user-pool-clients --user-pool-id "+e.cfg.PoolID), nil
	}
	e.client = out.UserPoolClient
	return doctor.Pass("the app client is " + cmp.Or(aws.ToString(e.client.ClientName), e.cfg.ClientID)), nil
}

// undescribed reports why a thing cannot be described; choose is how to select another one.
func (e *checker) undescribed(err error, action, thing, choose string) doctor.Finding {
	if err == nil {
		err = errGarbled
	}
	if what, fix, ok := awscalls.CredentialTrouble(err); ok { // signing users in needs no credentials
		return doctor.Warn("cannot describe "+thing+": "+what, fix)
	}
	switch ex := recognise(err); {
	case ex == resourceNotFound:
		return doctor.Fail(thing+" does not exist", choose)
	case ex == notAuthorized, awscalls.Denied(err):
		return doctor.Warn("no permission to describe "+thing, "allow "+action+" on the pool's ARN to the credentials of this machine")
	}
	return doctor.Fail("cannot describe "+thing+": "+awscalls.OneLine(cause(action, err)), "check the network and the AWS credentials: aws sts get-caller-identity")
}

func (e *checker) signInName(context.Context) (doctor.Finding, error) {
	if !slices.Contains(e.pool.UsernameAttributes, types.UsernameAttributeTypeEmail) {
		return doctor.Fail("the user name is not the e-mail address", "create another pool, because this cannot be changed: aws cognito-idp create-user-pool --username-attributes email"), nil
	}
	return doctor.Pass("people sign in by e-mail address"), nil
}

func (e *checker) caseInsensitive(context.Context) (doctor.Finding, error) {
	if c := e.pool.UsernameConfiguration; c == nil || aws.ToBool(c.CaseSensitive) {
		return doctor.Warn("Ada@example.com and ada@example.com are two users", "create another pool, because this cannot be changed: aws cognito-idp create-user-pool --username-configuration CaseSensitive=false"), nil
	}
	return doctor.Pass("capital letters make no other user"), nil
}

func (e *checker) verification(context.Context) (doctor.Finding, error) {
	if !slices.Contains(e.pool.AutoVerifiedAttributes, types.VerifiedAttributeTypeEmail) {
		return doctor.Fail("the pool sends no codes, so addresses cannot be confirmed", e.updatePool("--auto-verified-attributes email")), nil
	}
	return doctor.Pass("the pool verifies addresses"), nil
}

func (e *checker) addressChange(context.Context) (doctor.Finding, error) {
	if s := e.pool.UserAttributeUpdateSettings; s == nil || !slices.Contains(s.AttributesRequireVerificationBeforeUpdate, types.VerifiedAttributeTypeEmail) {
		return doctor.Warn("a changed address takes effect before it is verified", e.updatePool("--user-attribute-update-settings AttributesRequireVerificationBeforeUpdate=email")), nil
	}
	return doctor.Pass("a changed address counts once it is verified"), nil
}

func (e *checker) selfSignUp(context.Context) (doctor.Finding, error) {
	if c := e.pool.AdminCreateUserConfig; c != nil && c.AllowAdminCreateUserOnly {
		return doctor.Warn("POST /auth/signup is refused because only administrators may create users", e.updatePool("--admin-create-user-config AllowAdminCreateUserOnly=false")), nil
	}
	return doctor.Pass("people may sign themselves up"), nil
}

func (e *checker) requiredAttributes(context.Context) (doctor.Finding, error) {
	var missing []string
	for _, a := range e.pool.SchemaAttributes {
		if name := aws.ToString(a.Name); aws.ToBool(a.Required) && name != "email" && name != "sub" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return doctor.Fail("sign-ups fail because they do not contain "+strings.Join(missing, ", "), "create another pool that requires only email; this cannot be changed in an existing pool"), nil
	}
	return doctor.Pass("a sign-up contains all required attributes"), nil
}

var passwordsAreLong = fmt.Sprintf("passwords have at least %d characters", domain.MinPasswordLen)

func (e *checker) passwordLength(context.Context) (doctor.Finding, error) {
	if p := e.pool.Policies; p != nil && p.PasswordPolicy != nil && aws.ToInt32(p.PasswordPolicy.MinimumLength) < domain.MinPasswordLen {
		return doctor.Warn(fmt.Sprintf("the minimum length of a password is %d characters", aws.ToInt32(p.PasswordPolicy.MinimumLength)), e.updatePool("--policies 'PasswordPolicy={MinimumLength=12}'")), nil
	}
	return doctor.Pass(passwordsAreLong), nil
}

func (e *checker) deletionProtection(context.Context) (doctor.Finding, error) {
	if e.pool.DeletionProtection != types.DeletionProtectionTypeActive {
		return doctor.Warn("one call deletes the pool with all its users, and they cannot be restored", e.updatePool("--deletion-protection ACTIVE")), nil
	}
	return doctor.Pass("the pool is protected from deletion"), nil
}

func (e *checker) poolMail(context.Context) (doctor.Finding, error) {
	if c := e.pool.EmailConfiguration; c == nil || c.EmailSendingAccount != types.EmailSendingAccountTypeDeveloper {
		return doctor.Warn("the pool sends 50 mails a day and no more", e.updatePool("--email-configuration EmailSendingAccount=DEVELOPER,SourceArn=ARN_OF_THE_SES_IDENTITY")), nil
	}
	return doctor.Pass("the pool's mail goes through SES"), nil
}

func (e *checker) clientSecret(context.Context) (doctor.Finding, error) {
	ours, theirs := e.cfg.ClientSecret.Reveal(), aws.ToString(e.client.ClientSecret)
	show := "aws cognito-idp describe-user-pool-client --user-pool-id " + e.cfg.PoolID + " --client-id " + e.cfg.ClientID + " shows it"
	switch {
	case ours == "" && theirs != "":
		return doctor.Fail("the client has a secret, but COGNITO_CLIENT_SECRET is not set", "set COGNITO_CLIENT_SECRET; "+show), nil
	case ours != "" && theirs == "":
		return doctor.Fail("the client has no secret, and refuses one", "unset COGNITO_CLIENT_SECRET"), nil
	case subtle.ConstantTimeCompare([]byte(ours), []byte(theirs)) == 0:
		return doctor.Fail("COGNITO_CLIENT_SECRET is another one's", "set it anew; "+show), nil
	}
	return doctor.Pass("COGNITO_CLIENT_SECRET is the client's"), nil
}

func (e *checker) flows(context.Context) (doctor.Finding, error) {
	allowed := e.client.ExplicitAuthFlows
	if !slices.Contains(allowed, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth) && !slices.Contains(allowed, types.ExplicitAuthFlowsTypeUserPasswordAuth) {
		return doctor.Fail("users cannot sign in because the client does not allow ALLOW_USER_PASSWORD_AUTH", e.updateClient("--explicit-auth-flows ALLOW_USER_PASSWORD_AUTH ALLOW_REFRESH_TOKEN_AUTH")), nil
	}
	return doctor.Pass("the client allows ALLOW_USER_PASSWORD_AUTH"), nil
}

func (e *checker) userExistence(context.Context) (doctor.Finding, error) {
	if e.client.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled {
		return doctor.Warn("an attacker can find out which addresses have an account, by the time that an answer takes", e.updateClient("--prevent-user-existence-errors ENABLED")), nil
	}
	return doctor.Pass("the client does not reveal which addresses have an account"), nil
}

func (e *checker) revocation(context.Context) (doctor.Finding, error) {
	if !aws.ToBool(e.client.EnableTokenRevocation) {
		return doctor.Warn("a session that was signed out of can go on refreshing", e.updateClient("--enable-token-revocation")), nil
	}
	return doctor.Pass("refresh tokens can be revoked"), nil
}

func (e *checker) tokenLife(context.Context) (doctor.Finding, error) {
	unit := types.TimeUnitsTypeHours
	if u := e.client.TokenValidityUnits; u != nil && u.AccessToken != "" {
		unit = u.AccessToken
	}
	life := time.Duration(cmp.Or(aws.ToInt32(e.client.AccessTokenValidity), 1)) * map[types.TimeUnitsType]time.Duration{
		types.TimeUnitsTypeSeconds: time.Second, types.TimeUnitsTypeMinutes: time.Minute, types.TimeUnitsTypeHours: time.Hour, types.TimeUnitsTypeDays: 24 * time.Hour,
	}[unit]
	if e.client.AccessTokenValidity == nil {
		life = time.Hour
	}
	fix := e.updateClient("--access-token-validity 60 --id-token-validity 60 --token-validity-units AccessToken=minutes,IdToken=minutes,RefreshToken=days")
	switch {
	case life > ports.MaxTokenLife:
		return doctor.Fail(fmt.Sprintf("access tokens live %s, and are refused: %gh is the most", life, ports.MaxTokenLife.Hours()), fix), nil
	case life > time.Hour:
		return doctor.Warn(fmt.Sprintf("an access token is valid for %s, even after a sign-out", life), fix), nil
	}
	return doctor.Pass(fmt.Sprintf("access tokens live %s", life)), nil
}

func (e *checker) writableAttributes(context.Context) (doctor.Finding, error) {
	var custom []string
	for _, name := range e.client.WriteAttributes {
		if strings.HasPrefix(name, "custom:") {
			custom = append(custom, name)
		}
	}
	if len(custom) > 0 {
		return doctor.Warn("users write these by themselves, so that they prove nothing: "+strings.Join(custom, ", "), e.updateClient("--write-attributes email name")), nil
	}
	return doctor.Pass("users write no custom attributes"), nil
}

const resets = ", together with all other settings, which it resets otherwise"

func (e *checker) updatePool(option string) string {
	return "aws cognito-idp update-user-pool --user-pool-id " + e.cfg.PoolID + " " + option + resets
}

func (e *checker) updateClient(option string) string {
	return "aws cognito-idp update-user-pool-client --user-pool-id " + e.cfg.PoolID + " --client-id " + e.cfg.ClientID + " " + option + resets
}
