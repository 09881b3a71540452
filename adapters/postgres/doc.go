// Package postgres keeps tenants in PostgreSQL, 15 or later: a schema for each,
// behind two walls, and the registry of tenants, members, invitations and users
// in a schema of its own.
//
// The first wall is the search path, set inside the transaction only; "public"
// is never on it. The second is a role for each tenant, taken in the same
// message. The login that serves tenants, the gate, may do nothing by itself
// but become one of them, and reads three columns of the registry. What isn't
// kept out is SQL that runs SET ROLE by itself: scoped SQL is for trusted code.
//
// [Setup] makes what is needed and brings it to the newest version; [Open] looks
// whether that was done, and serves. Nothing depends on the state of a session,
// so that all of it runs behind a pooler of transactions.
package postgres
