package ports

// IdentityProvider keeps users, their passwords and their sessions. A provider is one
// pool of users who sign in by e-mail address.
//
// It never reveals whether an address has an account, except where SignUp must. The
// provider's own messages stay in Err of a [domain.Error]; Message is for the caller.
// Too many attempts of one user are [domain.Limited]; a provider that cannot be
// reached, throttles or is out of order is [domain.CodeIdentityProviderUnavailable],
// never [domain.Unauthenticated]. A misconfigured provider is [domain.Internal].
//
// Addresses are compared by [domain.Email.Key]. Codes are passed as
// [domain.ParseOneTimeCode] returns them. A code that does not have the form of the
// provider's codes is wrong, but does not count as an attempt.
type IdentityProvider interface {
	// Name returns the provider's part of an Identity.
	Name() string

	SignUpFlow
	SignInFlow
	SessionFlow
	PasswordResetFlow
	UserReader
}
