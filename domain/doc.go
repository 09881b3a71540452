// Package domain is Partywall's vocabulary: tenants, identities, roles, object
// keys, and the one kind of error that everything else speaks.
//
// A value of [TenantID], [Identity], [Email] or [ObjectKey] that isn't zero is
// valid: its constructor saw to that, and nothing else can build one. Their zero
// values name nothing, and every adapter refuses them.
//
// The package knows no network, database, logger or clock.
package domain
