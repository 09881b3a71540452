// Package tokens decides whether an access token is to be believed: a JSON Web
// Token (RFC 7519) signed with RS256, shaped as Amazon Cognito's are.
//
// A [Verifier] reads a token with a strict reader of its own, cheapest rule
// first, and asks nobody while it serves: the keys come from a [KeySet], which
// keeps an issuer's published keys up to date in the background, or from
// [StaticKeys]. What was verified once is remembered until it expires or its key
// is withdrawn.
//
// The rules are those of RFC 7519 and RFC 8725, and stricter where those leave a
// choice: one algorithm, one serialisation, one spelling of everything.
package tokens
