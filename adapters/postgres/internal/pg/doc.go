// Package pg connects to PostgreSQL: the configuration, the driver over lib/pq, pools
// of one login each, scopes, and the one place where the driver's errors become the
// domain's.
//
// A scope is a transaction whose first message sets the role, the search path and the
// timeouts, and whose last one leaves the session as it was. Statements of ours that
// belong to no tenant run in a scope of [NewOwnScope], which names everything in full.
package pg
