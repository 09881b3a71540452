// Package tenants has the use cases of tenants: to create, reserve and claim them, to
// look them up and list them, and to change them: their names, settings, limits and statuses.
package tenants

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// Service creates tenants, makes their creators the owners, and changes tenants.
//
// Suspend, Resume, Delete, Restore, Edit and Limit return the record after the change, which
// counts on the next request in every process. A change that was made before changes
// nothing and is no error. The zero Steward returns [domain.Forbidden], a steward who
// does not own the tenant any more [domain.CodeTenantNotFound], and a tenant whose
// status does not allow the change [domain.CodeTenantState].
//
// Besides the errors that its methods name, a zero ID or identity returns
// [domain.Invalid], and an unavailable store [domain.CodeDatabaseUnavailable].
type Service struct {
	Registry        ports.TenantRegistry
	Provisioner     ports.TenantProvisioner
	Prober          ports.TenantProber
	Reservations    ports.ReservationStore
	Lifecycle       ports.TenantLifecycle
	Directory       ports.TenantDirectory
	Purger          ports.TenantPurger
	Tombstones      ports.TenantTombstones
	Checker         ports.TenantChecker
	Objects         ports.ObjectPurger  // nil: there are no files
	ObjectTenants   ports.ObjectTenants // nil: Check looks for no files
	Users           ports.UserReader    // reports whether a new owner's address is confirmed; nil: no address is
	Policy          CreationPolicy      // zero: Open
	Limits          *Limits             // nil: none but TenantsPerOwner
	InFlight        *limits.Tenants     // limits what callers take of this process; nil: nothing does
	TenantsPerOwner int                 // zero or less: [DefaultTenantsPerOwner]
	// Unproven means that the identity provider confirms addresses without proof: then
	// no address counts as confirmed, and no owner gets a mail.
	Unproven bool

	// Grace is how long a deleted tenant can be restored. Zero: it cannot.
	Grace time.Duration

	// ValidateSettings refuses settings that the product does not accept. A
	// [domain.Error] comes back as it is; the text of any other error is shown to the
	// caller, as [domain.Invalid] on field "settings". Nil accepts all.
	ValidateSettings func(ctx context.Context, id domain.TenantID, settings domain.Settings) error

	// Advice spells the commands that messages to the operator advise.
	Advice Advice

	// Report handles an error that no caller waits for, such as that of the look-up of a
	// new owner's address. Nil drops it.
	Report func(error)

	// NewToken returns the token of a claim, with at least 128 random bits. Nil is
	// [rand.Text].
	NewToken func() string
}

func (s *Service) report(err error) {
	if s.Report != nil {
		s.Report(err)
	}
}

func (s *Service) newToken() domain.Secret {
	if s.NewToken == nil {
		return domain.NewSecret(rand.Text())
	}
	return domain.NewSecret(s.NewToken())
}
