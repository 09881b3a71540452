// Package domain is Partywall's vocabulary: tenants, identities, roles, object keys,
// and the one kind of error that all other packages return.
//
// A value of [TenantID], [Identity], [Email] or [ObjectKey] that is not zero is
// valid, because only its constructor builds one. Their zero values name nothing, and
// every adapter refuses them.
//
// The package uses no network, database, logger or clock.
package domain
