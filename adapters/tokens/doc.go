// Package tokens decides whether to accept an access token: a JSON Web Token (RFC
// 7519) signed with RS256, in the form of Amazon Cognito's tokens.
//
// A [Verifier] reads a token with a strict reader of its own, cheapest rule first,
// and sends no request while it serves: the keys come from a [KeySet], which keeps an
// issuer's published keys up to date in the background, or from [StaticKeys]. A
// verified token stays in a cache until it expires or its key is withdrawn.
//
// The rules are those of RFC 7519 and RFC 8725, and stricter where those leave a
// choice: one algorithm, one serialisation, one spelling of everything.
package tokens
