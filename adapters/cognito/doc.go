// Package cognito implements the identity provider on an Amazon Cognito user pool.
//
// # The pool
//
// The pool signs users in by e-mail address (UsernameAttributes: [email]), without
// regard to case (UsernameConfiguration: {CaseSensitive: false}, the default),
// and verifies addresses itself (AutoVerifiedAttributes: [email]). The user
// name that this package sends is the address itself. Users may sign
// themselves up (AllowAdminCreateUserOnly: false), and no attribute but the
// address is required. An address that changes should count as unverified:
// AttributesRequireVerificationBeforeUpdate: [email].
//
// # The app client
//
// PreventUserExistenceErrors is ENABLED. The pool then answers an unknown address
// like a wrong password, with the same error after the same time. This package makes
// the errors equal in any case, but it cannot make the times equal. The flow
// ALLOW_USER_PASSWORD_AUTH and token revocation are enabled. Refresh tokens
// are exchanged by GetTokensFromRefreshToken, which works with and without
// rotation. Only a server that lacks this operation is asked by REFRESH_TOKEN_AUTH
// instead, without a SECRET_HASH, because the hash covers the user's name and a
// refresh token does not contain it. A client secret is optional.
//
// # Credentials
//
// All operations of users work without AWS credentials. If the configuration has
// credentials, these rights improve the service:
//
//   - cognito-idp:DescribeUserPool: the answer to a refused password contains the
//     pool's password policy.
//   - cognito-idp:AdminGetUser: finds the subject of a new user whose confirmation
//     code could not be delivered, because the pool's answer lacks it.
//   - cognito-idp:AdminSetUserPassword: when an address was signed up by another
//     person, its owner replaces the password in one step.
//   - cognito-idp:AdminUserGlobalSignOut: ends the sessions of a user whose password
//     was reset.
//
// # Unconfirmed accounts
//
// A pool keeps an unconfirmed account for ever and refuses a second sign-up with its
// address. The owner of the address gains access by ForgotPassword and ResetPassword.
// Without AdminSetUserPassword that takes two codes, and the first password remains
// valid between them. Deleting such accounts after a while is up to the operator:
// search for the status UNCONFIRMED.
//
// # Errors
//
// One table maps the pool's exceptions, by operation, to the errors that [Provider]
// returns. The text of an exception appears only in the error's cause, for the
// operator, and never in the message for the caller. A failure that only an operator
// can fix is also logged at level ERROR, with what to do.
package cognito
