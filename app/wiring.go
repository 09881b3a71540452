package app

import (
	"context"

	"github.com/partywall-go/partywall/adapters/auditlog"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// memberships are the ports of the members of all tenants.
type memberships interface {
	ports.MemberStore
	ports.MemberLister
	ports.MemberChanger
	ports.MemberEmails
}

// tenantPorts are the ports of all tenants.
type tenantPorts interface {
	ports.TenantRegistry
	ports.TenantProvisioner
	ports.TenantProber
}

// stores are the ports that a database serves.
type stores struct {
	tenants      tenantPorts
	members      memberships
	reservations ports.ReservationStore
	users        ports.UserStore
	ready        ports.Dependency
}

func storesOf(db *postgres.DB) stores {
	return stores{db.Tenants(), db.Members(), db.Reservations(), db.Users(), db}
}

// services returns the use cases that the database serves, for [New] and
// [OpenRegistry]. New adds an identity provider, mail and limits to those of tenants;
// the operator of a Registry needs none.
func (s stores) services(cfg Config, later func(func(context.Context) error)) (*members.Service, *tenants.Service) {
	audit := auditlog.Log{Logger: cfg.logger()}
	return &members.Service{Lister: s.members, Changer: s.members, Audit: audit}, &tenants.Service{
		Registry:        s.tenants,
		Provisioner:     s.tenants,
		Prober:          s.tenants,
		Reservations:    s.reservations,
		TenantsPerOwner: cfg.TenantsPerOwner,
		Policy:          cfg.TenantCreation,
		Audit:           audit,
		Later:           later,
	}
}
