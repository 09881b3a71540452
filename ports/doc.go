// Package ports holds the sockets of the domain: what it needs from the world,
// one small interface a file. The comment on an interface is its contract, and
// package porttest checks that contract on every adapter.
//
// What holds for every port:
//
//   - Implementations are safe for concurrent use.
//   - A method is all or nothing: if it returns an error, nothing was recorded,
//     save that a wrong code was counted, a reused refresh token has ended its
//     session, or a lost connection leaves it unknown, which is an
//     [domain.Unavailable] error.
//   - Errors are [*domain.Error], except that a context that is done gives its
//     own error. What can't be reached is [domain.Unavailable].
//   - A zero TenantID, Identity, Email or ObjectKey where one is needed is a
//     [domain.Invalid] error.
//   - Times are in UTC, and whether something has expired is decided by the
//     implementation's own clock.
package ports
