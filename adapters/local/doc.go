// Package local is what runs when nothing outside is configured: an identity
// provider whose users are kept through [ports.UserStore], an object store on
// disk, and mail that goes to the log.
//
// [Identities] keeps the same promise as a pool of Amazon Cognito, and its
// tokens have the same shape, so that one verifier reads both. Its users live
// wherever the user store puts them; its secrets, the [Keys], live in files.
// Processes that share users must share keys, too: a token or code of one is
// worth nothing to another with keys of its own.
package local
