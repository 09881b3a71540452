// Package ports has the interfaces of what the domain needs from outside, one small
// interface a file. The comment on an interface is its contract, and package porttest
// checks that contract on every adapter.
//
// These rules hold for every port:
//
//   - Implementations are safe for concurrent use.
//   - A method is all or nothing: if it returns an error, nothing was recorded,
//     except that a wrong code was counted, that a reused refresh token has ended
//     its session, or that a lost connection leaves the outcome unknown, which is
//     a [domain.Unavailable] error.
//   - Errors are [*domain.Error], except that a method whose context is done
//     returns the context's own error. A system that cannot be reached is
//     [domain.Unavailable].
//   - The use cases refuse a zero TenantID, Identity, Email, ObjectKey or ObjectPrefix,
//     and what breaks the rule of a Validate method, before they call a port. So an
//     implementation does not check them; a method whose argument may be zero says so.
//   - Times are in UTC, and the implementation's own clock decides whether
//     something has expired.
package ports
