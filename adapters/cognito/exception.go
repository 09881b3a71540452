package cognito

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// operation is a request to the pool, named as in Cognito's API.
type operation string

const (
	signUp         operation = "SignUp"
	confirmSignUp  operation = "ConfirmSignUp"
	resendCode     operation = "ResendConfirmationCode"
	signIn         operation = "InitiateAuth"
	challenge      operation = "RespondToAuthChallenge"
	refreshTokens  operation = "GetTokensFromRefreshToken"
	revoke         operation = "RevokeToken"
	signOut        operation = "GlobalSignOut"
	forgotPassword operation = "ForgotPassword"
	resetPassword  operation = "ConfirmForgotPassword"
	getUser        operation = "GetUser"
)

// exception is a failure: an exception that Cognito names, or one that is recognised
// by its text.
type exception string

const (
	aliasExists           exception = "AliasExistsException"
	codeDeliveryFailure   exception = "CodeDeliveryFailureException"
	codeMismatch          exception = "CodeMismatchException"
	expiredCode           exception = "ExpiredCodeException"
	forbidden             exception = "ForbiddenException"
	internalError         exception = "InternalErrorException"
	internalServer        exception = "InternalServerException"
	invalidEmailRole      exception = "InvalidEmailRoleAccessPolicyException"
	invalidLambdaResponse exception = "InvalidLambdaResponseException"
	invalidParameter      exception = "InvalidParameterException"
	invalidPassword       exception = "InvalidPasswordException"
	invalidPoolConfig     exception = "InvalidUserPoolConfigurationException"
	invalidSMSRole        exception = "InvalidSmsRoleAccessPolicyException"
	invalidSMSTrust       exception = "InvalidSmsRoleTrustRelationshipException"
	limitExceeded         exception = "LimitExceededException"
	mfaMethodNotFound     exception = "MFAMethodNotFoundException"
	notAuthorized         exception = "NotAuthorizedException"
	operationNotEnabled   exception = "OperationNotEnabledException"
	passwordHistory       exception = "PasswordHistoryPolicyViolationException"
	passwordResetRequired exception = "PasswordResetRequiredException"
	refreshTokenReuse     exception = "RefreshTokenReuseException"
	resourceNotFound      exception = "ResourceNotFoundException"
	softwareTokenNotFound exception = "SoftwareTokenMFANotFoundException"
	tooManyFailedAttempts exception = "TooManyFailedAttemptsException"
	tooManyRequests       exception = "TooManyRequestsException"
	unauthorized          exception = "UnauthorizedException"
	unexpectedLambda      exception = "UnexpectedLambdaException"
	unsupportedOperation  exception = "UnsupportedOperationException"
	unsupportedTokenType  exception = "UnsupportedTokenTypeException"
	userLambdaValidation  exception = "UserLambdaValidationException"
	usernameExists        exception = "UsernameExistsException"
	userNotConfirmed      exception = "UserNotConfirmedException"
	userNotFound          exception = "UserNotFoundException"
	badAddress            exception = "an address that Cognito finds malformed"
	clientSecretRefused   exception = "a client secret or secret hash that doesn't fit"
	flowNotEnabled        exception = "a flow that the app client doesn't allow"
	insufficientScope     exception = "a token without the scope of Cognito's own operations"
	mailQuotaExceeded     exception = "the account's quota of mails"
	noVerifiedAddress     exception = "an account whose address isn't confirmed"
	outOfOrder            exception = "no answer, or none that makes sense"
	unknownChallenge      exception = "a challenge that can't be answered here"
	unknownException      exception = "an unknown exception"
	unknownOperation      exception = "an operation that the server does not support"
)

var (
	errGarbled       = errors.New("the answer lacks a required part")
	errNoCredentials = errors.New("there are no AWS credentials")
)

// recognise returns the exception that an error stands for. Only this function reads
// Cognito's texts, because some of its exceptions have several meanings.
func recognise(err error) exception {
	apiErr, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return outOfOrder // not sent, not answered, or not understood
	}
	code, text := exception(apiErr.ErrorCode()), apiErr.ErrorMessage()
	says := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(strings.ToLower(text), part) {
				return true
			}
		}
		return false
	}
	switch {
	case code == notAuthorized && says("secret"):
		return clientSecretRefused
	case code == notAuthorized && says("required scopes"):
		return insufficientScope
	case (code == notAuthorized || code == invalidParameter) && says("not enabled"):
		return flowNotEnabled
	case code == invalidParameter && says("value at 'password'", "value at 'proposedpassword'", "password did not conform"):
		return invalidPassword // shorter than 6, or with what no pool takes
	case code == invalidParameter && says("email address format", "should be an email", "should be either an email"):
		return badAddress
	case code == invalidParameter && says("registered/verified email"):
		return noVerifiedAddress
	case code == limitExceeded && says("email limit"):
		return mailQuotaExceeded
	case code == "UnknownOperationException" || code == "InvalidAction" || code == "Unsupported": // AWS's two, and cognito-local's
		return unknownOperation
	}
	if _, known := verdicts[code]; known {
		return code
	}
	if brokenDown(err, string(code)) {
		return outOfOrder
	}
	return unknownException
}

// brokenDown reports whether an answer that is not in the table comes from a
// server, or from a proxy in front of it, that cannot serve at the moment.
func brokenDown(err error, code string) bool {
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	if throttled || code == "UnknownError" { // the SDK's word for an answer without a name
		return true
	}
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == http.StatusTooManyRequests)
}

// echoed matches how Cognito quotes a value that it received.
var echoed = regexp.MustCompile(`(?s)Value '.*?' at '`)

// cause describes an error to the operator without the values that the caller sent.
func cause(asked string, err error) error {
	apiErr, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fmt.Errorf("%s: %w", asked, err)
	}
	requestID := "unknown"
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.ServiceRequestID() != "" {
		requestID = response.ServiceRequestID()
	}
	text := echoed.ReplaceAllLiteralString(apiErr.ErrorMessage(), "Value at '")
	return fmt.Errorf("%s: %s: %s (request %s)", asked, apiErr.ErrorCode(), text, requestID)
}
