package cognito_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

var (
	everywhere  = slices.Sorted(maps.Keys(asks))
	silent      = []string{"ForgotPassword", "ResendConfirmationCode"}
	confirming  = []string{"ConfirmSignUp", "ConfirmForgotPassword"}
	newPassword = []string{"SignUp", "ConfirmForgotPassword", "RespondToAuthChallenge"}
	withToken   = []string{"GetUser", "GlobalSignOut"}
)

// ok is the outcome that the caller treats as a success.
const ok domain.Code = ""

// outcomes lists what each operation returns for each exception.
var outcomes = []struct {
	says answer
	at   []string
	kind domain.Kind
	code domain.Code
	logs bool // an alert
}{
	{throws("UsernameExistsException"), []string{"SignUp"}, domain.Conflict, domain.CodeUserExists, false},
	{throws("AliasExistsException"), []string{"ConfirmSignUp"}, domain.Conflict, domain.CodeUserExists, false},

	{throws("UserNotFoundException"), []string{"InitiateAuth"}, domain.Unauthenticated, domain.CodeInvalidCredentials, false},
	{throws("NotAuthorizedException"), []string{"InitiateAuth"}, domain.Unauthenticated, domain.CodeInvalidCredentials, false},
	{says("NotAuthorizedException", "Password attempts exceeded"), []string{"InitiateAuth"}, domain.Unauthenticated, domain.CodeInvalidCredentials, false},
	{throws("InvalidPasswordException"), []string{"InitiateAuth"}, domain.Unauthenticated, domain.CodeInvalidCredentials, false},

	{throws("UserNotFoundException"), silent, 0, ok, false},
	{says("InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number"), silent, 0, ok, false},
	{throws("NotAuthorizedException"), silent, 0, ok, false},
	{throws("UserNotConfirmedException"), silent, 0, ok, false},

	{throws("UserNotFoundException"), confirming, domain.Invalid, domain.CodeCodeInvalid, false},
	{throws("CodeMismatchException"), confirming, domain.Invalid, domain.CodeCodeInvalid, false},
	{throws("ExpiredCodeException"), confirming, domain.Invalid, domain.CodeCodeInvalid, false},
	{throws("NotAuthorizedException"), confirming, domain.Invalid, domain.CodeCodeInvalid, false},
	{throws("InvalidParameterException"), confirming, domain.Invalid, domain.CodeCodeInvalid, false},

	{throws("CodeMismatchException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("NotAuthorizedException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("ExpiredCodeException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("UserNotFoundException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("MFAMethodNotFoundException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("SoftwareTokenMFANotFoundException"), []string{"RespondToAuthChallenge"}, domain.Unauthenticated, domain.CodeChallengeInvalid, false},
	{throws("InvalidParameterException"), []string{"RespondToAuthChallenge"}, domain.Invalid, "invalid", false},
	{throws("CodeMismatchException"), []string{"GetTokensFromRefreshToken"}, domain.Unauthenticated, domain.CodeRefreshInvalid, false},
	{throws("NotAuthorizedException"), []string{"GetTokensFromRefreshToken"}, domain.Unauthenticated, domain.CodeRefreshInvalid, false},
	{throws("UserNotFoundException"), []string{"GetTokensFromRefreshToken"}, domain.Unauthenticated, domain.CodeRefreshInvalid, false},
	{throws("InvalidParameterException"), []string{"GetTokensFromRefreshToken"}, domain.Unauthenticated, domain.CodeRefreshInvalid, false},
	{throws("RefreshTokenReuseException"), []string{"GetTokensFromRefreshToken"}, domain.Unauthenticated, domain.CodeRefreshReused, false},

	{throws("NotAuthorizedException"), withToken, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{throws("UserNotFoundException"), withToken, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{throws("PasswordResetRequiredException"), withToken, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{throws("UserNotConfirmedException"), withToken, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{throws("InvalidParameterException"), withToken, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{says("NotAuthorizedException", "Access Token does not have required scopes"), []string{"GetUser"}, domain.Forbidden, domain.CodeInsufficientScope, false},
	{says("NotAuthorizedException", "Access Token does not have required scopes"), []string{"GlobalSignOut"}, domain.Unauthenticated, domain.CodeInvalidToken, false},
	{throws("NotAuthorizedException"), []string{"RevokeToken"}, 0, ok, false},
	{throws("InvalidParameterException"), []string{"RevokeToken"}, 0, ok, false},
	{throws("UnsupportedTokenTypeException"), []string{"RevokeToken"}, 0, ok, false},

	{throws("UserNotConfirmedException"), []string{"InitiateAuth", "RespondToAuthChallenge"}, domain.Forbidden, domain.CodeUserNotConfirmed, false},
	{throws("PasswordResetRequiredException"), []string{"InitiateAuth", "RespondToAuthChallenge"}, domain.Forbidden, domain.CodePasswordReset, false},

	{throws("InvalidPasswordException"), newPassword, domain.Unprocessable, domain.CodePasswordPolicy, false},
	{throws("PasswordHistoryPolicyViolationException"), newPassword, domain.Unprocessable, domain.CodePasswordPolicy, false},
	{says("InvalidParameterException", "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 6"), []string{"SignUp", "ConfirmForgotPassword"}, domain.Unprocessable, domain.CodePasswordPolicy, false},
	{says("InvalidParameterException", "Invalid email address format."), []string{"SignUp"}, domain.Invalid, "invalid", false},

	{throws("LimitExceededException"), []string{"SignUp", "ConfirmSignUp", "ConfirmForgotPassword"}, domain.Limited, "rate_limited", false},
	{throws("TooManyFailedAttemptsException"), []string{"SignUp", "InitiateAuth", "RespondToAuthChallenge", "ConfirmSignUp", "ConfirmForgotPassword"}, domain.Limited, "rate_limited", false},
	{throws("LimitExceededException"), silent, 0, ok, false},
	{throws("TooManyFailedAttemptsException"), silent, 0, ok, false},
	{says("LimitExceededException", "Exceeded daily email limit for the operation or the account."), []string{"SignUp"}, domain.Limited, "rate_limited", true},
	{says("LimitExceededException", "Exceeded daily email limit for the operation or the account."), silent, 0, ok, true},

	{throws("TooManyRequestsException"), everywhere, domain.Unavailable, domain.CodeIdentityProviderUnavailable, false},
	{answer{status: 500, exception: "InternalErrorException", message: ownWords}, everywhere, domain.Unavailable, domain.CodeIdentityProviderUnavailable, false},
	{answer{status: 503, raw: "<html>" + ownWords}, everywhere, domain.Unavailable, domain.CodeIdentityProviderUnavailable, false},
	{answer{status: 502, exception: "Whatever", message: ownWords}, everywhere, domain.Unavailable, domain.CodeIdentityProviderUnavailable, false},
	{throws("ThrottlingException"), everywhere, domain.Unavailable, domain.CodeIdentityProviderUnavailable, false},

	{throws("UserLambdaValidationException"), []string{"SignUp"}, domain.Unprocessable, domain.CodeSignUpRefused, false},
	{throws("UserLambdaValidationException"), []string{"InitiateAuth", "RespondToAuthChallenge", "ConfirmSignUp", "ConfirmForgotPassword", "GetTokensFromRefreshToken"}, domain.Unprocessable, "unprocessable", false},
	{throws("UserLambdaValidationException"), silent, 0, ok, true},
	{throws("CodeDeliveryFailureException"), append(silent, "SignUp"), 0, ok, true},

	{says("NotAuthorizedException", "Unable to verify secret hash for client 4clientid"), everywhere, domain.Internal, "internal", true},
	{says("NotAuthorizedException", "Client 4clientid is configured for secret but secret was not received"), everywhere, domain.Internal, "internal", true},
	{says("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"), everywhere, domain.Internal, "internal", true},
	{says("NotAuthorizedException", "SignUp is not permitted for this user pool"), []string{"SignUp"}, domain.Internal, "internal", true},
	{says("InvalidParameterException", "Attributes did not conform to the schema: given_name: The attribute is required"), []string{"SignUp"}, domain.Internal, "internal", true},
	{throws("ResourceNotFoundException"), everywhere, domain.Internal, "internal", true},
	{throws("InvalidEmailRoleAccessPolicyException"), everywhere, domain.Internal, "internal", true},
	{throws("InvalidSmsRoleAccessPolicyException"), everywhere, domain.Internal, "internal", true},
	{throws("InvalidSmsRoleTrustRelationshipException"), everywhere, domain.Internal, "internal", true},
	{throws("InvalidUserPoolConfigurationException"), everywhere, domain.Internal, "internal", true},
	{throws("InvalidLambdaResponseException"), everywhere, domain.Internal, "internal", true},
	{throws("UnexpectedLambdaException"), everywhere, domain.Internal, "internal", true},
	{throws("UnauthorizedException"), []string{"RevokeToken"}, domain.Internal, "internal", true},
	{throws("UnsupportedOperationException"), []string{"RevokeToken", "InitiateAuth"}, domain.Internal, "internal", true},
	{throws("OperationNotEnabledException"), everywhere, domain.Internal, "internal", true},
	{throws("ForbiddenException"), everywhere, domain.Internal, "internal", true},
	{throws("SomethingNewException"), everywhere, domain.Internal, "internal", true},
}

func TestEveryExceptionIsAnsweredByTheTable(t *testing.T) {
	for _, outcome := range outcomes {
		for _, operation := range outcome.at {
			t.Run(outcome.says.exception+" at "+operation, func(t *testing.T) {
				t.Parallel()
				s := newScript(t)
				// What the provider asks next about an account that may be unconfirmed.
				s.on("ConfirmSignUp", throws("CodeMismatchException"))
				s.on("ResendConfirmationCode", answer{})
				s.on(operation, outcome.says)
				err := asks[operation](t.Context(), s, s.provider())

				if outcome.code == ok {
					if err != nil {
						t.Errorf("got %v, want a success", err)
					}
				} else {
					checkError(t, err, outcome.kind, outcome.code)
				}
				if alerted := strings.Contains(s.logs.String(), `"fix":`); alerted != outcome.logs {
					t.Errorf("alerted: %v, want %v; logs: %s", alerted, outcome.logs, s.logs)
				}
				if outcome.logs && !strings.Contains(s.logs.String(), `"level":"ERROR"`) {
					t.Errorf("the alert is not an error: %s", s.logs)
				}
				checkNothingLeaks(t, s, err)
			})
		}
	}
}

func checkError(t *testing.T, err error, kind domain.Kind, code domain.Code) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Fatalf("got %v (%T), want a *domain.Error", err, err)
	}
	if e.Kind != kind || domain.CodeOf(e) != code {
		t.Errorf("got %v %v, want %v %v", e.Kind, domain.CodeOf(e), kind, code)
	}
	if e.Message == "" || strings.Contains(e.Message, ownWords) {
		t.Errorf("the message is %q", e.Message)
	}
	if waits := kind == domain.Limited || kind == domain.Unavailable; waits != (e.RetryAfter > 0) {
		t.Errorf("%v has RetryAfter %v", e, e.RetryAfter)
	}
	if code == domain.CodePasswordPolicy && e.Field == "" || code == domain.CodeCodeInvalid && e.Field != "code" {
		t.Errorf("%v is on field %q", e, e.Field)
	}
}

// checkNothingLeaks looks for secrets in the log and in the error.
func checkNothingLeaks(t *testing.T, s *script, err error) {
	t.Helper()
	text := s.logs.String()
	if err != nil {
		shown, _ := json.Marshal(err)
		text += err.Error() + string(shown)
	}
	for _, secret := range []string{password, code, clientSecret, refreshToken, accessToken} {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows in %s", secret, text)
		}
	}
}

func TestAnUnknownAddressAndAWrongPasswordAreAnsweredAlike(t *testing.T) {
	var answers []string
	for _, exception := range []string{"UserNotFoundException", "NotAuthorizedException", "InvalidPasswordException"} {
		s := newScript(t)
		s.on("InitiateAuth", throws(exception))
		_, err := s.provider().SignIn(t.Context(), ada, secret(password))
		e, ok := errors.AsType[*domain.Error](err)
		if !ok {
			t.Fatal(err)
		}
		e.Err = nil // for the operator only
		shown, _ := json.Marshal(e)
		answers = append(answers, string(shown))
	}
	if len(slices.Compact(answers)) != 1 {
		t.Errorf("they differ: %q", answers)
	}
}

func TestTheOperatorReadsCognitosWordsWithoutWhatItQuotes(t *testing.T) {
	s := newScript(t)
	s.on("ConfirmSignUp", says("InvalidParameterException", "1 validation error detected: Value '"+code+"' at 'confirmationCode' failed to satisfy constraint"))
	err := s.provider().ConfirmSignUp(t.Context(), ada, secret(code))
	for _, want := range []string{"ConfirmSignUp", "InvalidParameterException", "'confirmationCode' failed to satisfy", "request-1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q isn't in %q", want, err)
		}
	}
	checkNothingLeaks(t, s, err)
}
