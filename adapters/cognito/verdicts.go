package cognito

// verdicts contains the meaning of each of Cognito's exceptions. In every row, an
// unknown address has the same verdict as a known one.
var verdicts = map[exception]row{
	usernameExists: {signUp: userExists},
	aliasExists:    {confirmSignUp: userExists, challenge: userExists},

	userNotFound: {
		signIn: badCredentials, confirmSignUp: badCode, resetPassword: badCode, challenge: badChallenge, refreshTokens: badRefresh,
		forgotPassword: success, resendCode: success, revoke: success, getUser: badToken, signOut: badToken,
	},
	notAuthorized: {
		signIn: badCredentials, confirmSignUp: badCode, resetPassword: badCode, challenge: badChallenge, refreshTokens: badRefresh,
		forgotPassword: success, resendCode: success, revoke: success, getUser: badToken, signOut: badToken,
		signUp: misconfigured("let users sign themselves up: set AllowAdminCreateUserOnly of the pool to false"),
	},
	insufficientScope: {getUser: lacksScope, anywhere: badToken},
	invalidPassword: {
		signIn: badCredentials, signUp: weakPassword, resetPassword: weakPassword, challenge: weakPassword,
	},
	passwordHistory: {
		signUp: weakPassword, resetPassword: weakPassword, challenge: weakPassword,
	},
	codeMismatch: {
		confirmSignUp: badCode, resetPassword: badCode, challenge: badChallenge, refreshTokens: badRefresh,
	},
	expiredCode: {
		confirmSignUp: badCode, resetPassword: badCode, challenge: badChallenge,
	},
	invalidParameter: {
		confirmSignUp: badCode, resetPassword: badCode, challenge: badResponses, refreshTokens: badRefresh,
		forgotPassword: success, resendCode: success, revoke: success, getUser: badToken, signOut: badToken,
		signUp:   misconfigured("require no attribute of new users but email, and let the pool sign in by email (UsernameAttributes)"),
		anywhere: misconfigured("compare the settings of the pool and of the app client with what the documentation requires"),
	},
	badAddress: {
		signUp: notAnAddress, signIn: badCredentials, confirmSignUp: badCode, resetPassword: badCode, challenge: badResponses,
		forgotPassword: success, resendCode: success,
	},

	noVerifiedAddress: {forgotPassword: success, resendCode: success, resetPassword: badCode},
	userNotConfirmed: {
		signIn: notConfirmed, challenge: notConfirmed, resetPassword: badCode, forgotPassword: success, resendCode: success,
		refreshTokens: badRefresh, getUser: badToken, signOut: badToken,
	},
	passwordResetRequired: {
		signIn: mustReset, challenge: mustReset, refreshTokens: badRefresh, getUser: badToken, signOut: badToken,
	},
	mfaMethodNotFound:     {challenge: badChallenge},
	softwareTokenNotFound: {challenge: badChallenge},
	refreshTokenReuse:     {refreshTokens: reusedRefresh},
	unsupportedTokenType:  {revoke: success},

	limitExceeded:         {forgotPassword: success, resendCode: success, anywhere: tooMany},
	tooManyFailedAttempts: {forgotPassword: success, resendCode: success, anywhere: tooMany},
	mailQuotaExceeded: {
		forgotPassword: alerting(success, sendBySES), resendCode: alerting(success, sendBySES), anywhere: alerting(tooMany, sendBySES),
	},
	codeDeliveryFailure: {
		signUp: alerting(success, fixDelivery), forgotPassword: alerting(success, fixDelivery), resendCode: alerting(success, fixDelivery),
	},
	userLambdaValidation: {
		signUp: signUpRefused, anywhere: triggerRefused,
		// The pool calls the triggers of these two operations for known addresses only.
		forgotPassword: alerting(success, fixTrigger), resendCode: alerting(success, fixTrigger),
	},

	tooManyRequests: always(throttled),
	internalError:   always(away),
	internalServer:  always(away),
	outOfOrder:      always(away),

	clientSecretRefused:  always(misconfigured("set COGNITO_CLIENT_SECRET to the app client's secret, or to nothing if it has none")),
	unauthorized:         always(misconfigured("set COGNITO_CLIENT_SECRET to the app client's secret, or to nothing if it has none")),
	resourceNotFound:     always(misconfigured("set COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID to a pool and an app client that exist")),
	flowNotEnabled:       always(misconfigured("enable ALLOW_USER_PASSWORD_AUTH for the app client, and ALLOW_REFRESH_TOKEN_AUTH unless it rotates refresh tokens")),
	unsupportedOperation: always(misconfigured("enable the operation for the app client; RevokeToken needs EnableTokenRevocation")),
	operationNotEnabled:  always(misconfigured("use the pool's primary region, and settings that allow the operation")),
	unknownOperation:     always(misconfigured("use a server that supports the operation; AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER may point elsewhere")),
	unknownChallenge:     always(misconfigured("do not require challenges that cannot be answered here: MFA that users have yet to set up, a choice of factors, custom challenges, remembered devices")),
	forbidden:            always(misconfigured("let this server through the web ACL (AWS WAF) of the pool")),
	invalidEmailRole:     always(misconfigured("let Cognito use the pool's e-mail identity in SES")),
	invalidSMSRole:       always(misconfigured("let the pool's SMS role publish through SNS")),
	invalidSMSTrust:      always(misconfigured("let cognito-idp.amazonaws.com assume the pool's SMS role, with its external ID")),
	invalidPoolConfig:    always(misconfigured("fix the settings of the pool")),
	unexpectedLambda:     always(misconfigured(fixTrigger)),

	invalidLambdaResponse: always(misconfigured(fixTrigger)),
}

const (
	sendBySES   = "let the pool send through Amazon SES: Cognito's own quota of mails is used up"
	fixDelivery = "find out why the pool's mails bounce: check its FROM address and the SES sandbox"
	fixTrigger  = "fix the pool's Lambda triggers"
)
