// Package tenants holds the use cases of tenants and the proofs that others
// demand: a [Member] may act inside a tenant, an [Operator] on the installation.
// Both can only be had from here, so that a tenant nobody checked doesn't compile.
package tenants

import (
	"context"
	"crypto/rand"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Service makes tenants, hands them to their owners and admits their members.
//
// Beside the errors that its methods name, a zero ID or identity is
// [domain.Invalid], and stores that are away are [domain.CodeDatabaseUnavailable].
type Service struct {
	Tenants         ports.TenantStore
	Members         ports.MemberStore
	Reservations    ports.ReservationStore
	Identities      ports.IdentityProvider // says whether a new owner's address is confirmed; nil: none is
	Mail            ports.Mailer
	Policy          CreationPolicy // zero: Open
	Limits          *Limits        // nil: none but TenantsPerOwner
	TenantsPerOwner int            // zero: [DefaultTenantsPerOwner]
	// Unproven says that the identity provider confirms addresses without proof: then
	// none counts as confirmed, and no mail is sent to them.
	Unproven bool

	Audit ports.Audit // nil: no entries are kept

	// Later runs a task that no caller waits for, under a context of its own,
	// and sees to its error. Nil runs it at once and drops the error.
	Later func(task func(context.Context) error)

	// NewToken makes the token of a claim: at least 128 random bits. Nil is [rand.Text].
	NewToken func() string
}

func (s *Service) later(task func(context.Context) error) {
	if s.Later == nil {
		_ = task(context.Background())
		return
	}
	s.Later(task)
}

func (s *Service) newToken() domain.Secret {
	if s.NewToken == nil {
		return domain.NewSecret(rand.Text())
	}
	return domain.NewSecret(s.NewToken())
}

// record keeps an entry in the audit log, whether or not the caller still waits.
func (s *Service) record(ctx context.Context, entry ports.AuditEntry) {
	if s.Audit != nil {
		s.Audit.Record(context.WithoutCancel(ctx), entry)
	}
}

// errNoSuchTenant is what an unknown, a suspended and a foreign tenant have in common.
var errNoSuchTenant = domain.NewError(domain.CodeTenantNotFound)

// concealed turns what a store says of an absent tenant into [errNoSuchTenant].
func concealed(err error) error {
	if domain.KindOf(err) == domain.NotFound {
		return errNoSuchTenant
	}
	return err
}
