// Package memory has every driven port in memory. It is the reference that the
// other adapters are held to by the same contract tests, what the program falls
// back to, and what the tests of a product run on: a use case takes microseconds
// and needs no server.
//
//   - [Registry] keeps tenants, their members and their claims.
//   - [Users] keeps the users of the built-in identity provider, and [Hasher] hashes
//     their passwords fast.
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
// adds members in other roles; an access.Service whose Members are that Registry
// admits them. Package adapters/idp/idptest has the identity provider for such tests:
// its users sign in and answer challenges. [Objects.Put] and [Objects.Get] reach the
// files, [Registry.SetStatus] suspends a tenant, and Break of any of these shows what
// a caller sees when a system behind a port is unavailable.
package memory
