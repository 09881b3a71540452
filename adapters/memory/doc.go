// Package memory has every driven port in memory. It is the reference that the
// other adapters are held to by the same contract tests, what the program falls
// back to, and what the tests of a product run on: a use case takes microseconds
// and needs no server.
//
//   - [Registry] keeps tenants, their members and their claims.
//   - [Identities] keeps accounts, gives tokens and verifies them.
//   - [Users] keeps the users of the built-in identity provider.
//   - [Objects] keeps files, and serves the URLs that it signs.
//   - [Mailbox] keeps the mail that was sent.
//
// The zero value of each is empty and ready to use, by many goroutines at once,
// and isn't to be copied. Where time matters, a field Now takes a clock of your
// own.
//
// # Testing against it
//
// A tenant with an owner is one call of [Registry.Create], and [Registry.SetRole]
// adds people in other roles; a tenants.Service whose Members are that Registry
// admits them. [Identities.Caller] makes somebody up who is signed in: their
// identity, and an access token that [Identities.Verify] believes.
// [Identities.Code] reads the code that somebody was mailed, [Objects.Put] and
// [Objects.Get] the files. [Registry.SetStatus] suspends a tenant, and Break of
// any of them shows what happens when a system behind a port is away.
package memory
