// Package idp implements the built-in identity provider, for an installation without
// an Amazon Cognito user pool.
//
// [Provider] keeps the same promises as a Cognito pool, and its tokens have the same
// form, so that one verifier reads both. It stores its users in a
// [ports.UserStore] and sends its codes through a [ports.Notifier]. Its secrets, the
// [Keys], are stored in files. Processes that share users must also share keys, because
// a token or code of one process is invalid to a process with other keys.
package idp
