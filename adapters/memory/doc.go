// Package memory has the stores and the mail in memory. It is the reference that the
// contract tests compare the other adapters to, what the program uses on a machine
// without PostgreSQL, and what the tests of a product run on: a use case takes
// microseconds and needs no server.
//
//   - [DB] keeps tenants, their members and reservations, and the users of the
//     built-in identity provider, with a face for each port.
//   - [Hasher] hashes those users' passwords, fast.
//   - [Objects] keeps files, and serves the URLs that it signs.
//   - [Mailbox] keeps the mail that was sent.
//
// The zero value of each is empty and ready to use, by many goroutines at once, and
// must not be copied. Where time matters, a field Now takes a clock of your own.
//
// # Testing with it
//
// [Tenants.Create] creates a tenant with an owner, and [Members.Grant] adds members
// in other roles; an access.Service whose Members are [DB.Members] admits them.
// Package adapters/idp/idptest has the identity provider for such tests: its users
// sign in and answer challenges. [Objects.Put] and [Objects.Get] access the files,
// [DB.SetStatus] suspends a tenant, and Break of any of these shows what a caller
// sees when a system behind a port is unavailable.
package memory
