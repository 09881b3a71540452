package domain

import (
	"fmt"
	"time"
)

// Party is the side that made a change of a tenant's status: its owners or the
// operator of the installation.
type Party string

// The parties.
const (
	ByOwner    Party = "owner"
	ByOperator Party = "operator"
)

// Party returns the side that the actor acts for.
func (a Actor) Party() Party {
	if a.Kind == ActorUser {
		return ByOwner
	}
	return ByOperator
}

// TenantDetails is the whole record of a tenant, which its stewards read and change.
type TenantDetails struct {
	Tenant
	Revision        Revision
	Settings        Settings
	Limits          TenantLimits
	SuspendedBy     Party     // empty: it is not suspended; a deleted tenant keeps it until it is restored
	SuspendedReason string    // empty: it is not suspended
	DeletedBy       Party     // empty: it is not deleted
	DeletedAt       time.Time // UTC; zero: it is not deleted
	PurgeAfter      time.Time // UTC; when a deleted tenant can no longer be restored; zero for any other
}

// Revision names one state of a tenant's record. Each change gives the record a
// revision that no tenant of the ID had before. The zero Revision names none.
type Revision string

// NewRevision returns the revision of a tenant that was created at createdAt and
// changed changes times since.
func NewRevision(createdAt time.Time, changes int64) Revision {
	return Revision(fmt.Sprintf("%x-%x", createdAt.UnixMicro(), changes))
}
