// Package river is a sample: River, a job queue for PostgreSQL, whose tables lie in the
// schema shared behind row policies. A tenant enqueues jobs inside its own transactions
// and sees no others, and a worker runs each job inside the tenant that it is of.
//
// It is a module of its own, so that River is no dependency of Partywall's.
package river
