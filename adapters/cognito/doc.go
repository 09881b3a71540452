// Package cognito is the identity provider on an Amazon Cognito user pool.
//
// # The pool
//
// The pool signs in by e-mail address (UsernameAttributes: [email]), without
// regard to case (UsernameConfiguration: {CaseSensitive: false}, the default),
// and verifies addresses itself (AutoVerifiedAttributes: [email]). The user
// name that this package sends is the address itself. People may sign
// themselves up (AllowAdminCreateUserOnly: false), and no attribute but the
// address is required. An address that changes should count as unverified:
// AttributesRequireVerificationBeforeUpdate: [email].
//
// # The app client
//
// PreventUserExistenceErrors is ENABLED. With it the pool answers an unknown
// address like a wrong password, in words and in time; this package makes the
// words equal in any case, but it can't make up for the time. The flow
// ALLOW_USER_PASSWORD_AUTH is on, and so is token revocation. Refresh tokens
// are exchanged by GetTokensFromRefreshToken, which works with and without
// rotation; only a server that doesn't know that operation is asked by
// REFRESH_TOKEN_AUTH, where no SECRET_HASH can be sent, since it covers the
// user's name and a refresh token names nobody. A client secret is optional.
//
// # Credentials
//
// Everything that serves people is done without AWS credentials. Where the
// configuration has some, they help: cognito-idp:DescribeUserPool lets a refused
// password be answered with the pool's password policy; cognito-idp:AdminGetUser
// finds the subject of a new user whose confirmation code couldn't be delivered,
// since the pool's answer lacks it; cognito-idp:AdminSetUserPassword lets the owner
// of an address that a stranger signed up replace the password in one step; and
// cognito-idp:AdminUserGlobalSignOut ends the sessions of a user whose password was
// reset.
//
// # Accounts that nobody confirmed
//
// A pool refuses a second sign-up with an address whose first one nobody confirmed,
// and keeps it for ever. ForgotPassword and ResetPassword are the owner's way to it.
// Without AdminSetUserPassword that takes two codes, and the first password is good
// between them. Deleting such accounts after a while is the operator's: look for
// the status UNCONFIRMED.
//
// # Errors
//
// What the pool answers is judged by one table, [Provider]'s methods giving the
// operation and the pool giving the exception. The pool's own words reach the
// operator, in the error's cause, and never the caller. Whatever only an
// operator can mend is also logged, at level ERROR, with what to do.
package cognito
