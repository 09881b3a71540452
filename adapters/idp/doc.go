// Package idp is the built-in identity provider, for an installation without a pool
// of Amazon Cognito.
//
// [Provider] keeps the same promises as a Cognito pool, and its tokens have the same
// shape, so that one verifier reads both. It keeps its users in a
// [ports.UserStore] and sends its codes through a [ports.Mailer]. Its secrets, the
// [Keys], lie in files. Processes that share users must share keys, too: a token or a
// code of one is worth nothing to another that has keys of its own.
package idp
