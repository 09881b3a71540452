package app

import (
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/invitations"
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
	settings     ports.MemberStore // with the settings of tenants
	reservations ports.ReservationStore
	lifecycle    ports.TenantLifecycle
	directory    ports.TenantDirectory
	purges       tenantPurges
	invitations  invitationStore
	users        ports.UserStore
	workers      ports.WorkerStore
	events       eventStore
	archives     ports.TenantArchives
	ready        ports.Dependency
}

// invitationStore has the ports of invitations.
type invitationStore interface {
	ports.InvitationStore
	ports.InvitationTokens
}

// eventStore has the ports of events.
type eventStore interface {
	ports.EventSequencer
	ports.EventReader
	ports.EventConsumers
	ports.EventOperations
	ports.EventRetention
}

func storesOf(db *postgres.DB) stores {
	return stores{db.Tenants(), db.Members(), db.MembersWithSettings(), db.Reservations(), db.Lifecycle(), db.Directory(), db.Purges(), db.Invitations(), db.Users(), db.Workers(), db.Events(), db.Archives(), db}
}

// memberStore returns the store that admits members.
func (s stores) memberStore(cfg Config) ports.MemberStore {
	if cfg.ReadSettings {
		return s.settings
	}
	return s.members
}

// services returns the use cases that the database serves, for [New] and
// [OpenRegistry]. New adds an identity provider, mail and limits to those of tenants;
// the operator of a Registry needs none.
func (s stores) services(cfg Config) (*members.Service, *tenants.Service) {
	return &members.Service{Lister: s.members, Changer: s.members}, &tenants.Service{
		Registry:         s.tenants,
		Provisioner:      s.tenants,
		Prober:           s.tenants,
		Reservations:     s.reservations,
		Lifecycle:        s.lifecycle,
		Directory:        s.directory,
		Purger:           s.purges,
		Tombstones:       s.purges,
		Checker:          s.purges,
		Grace:            max(0, cfg.TenantGrace),
		ValidateSettings: cfg.ValidateSettings,
		TenantsPerOwner:  cfg.TenantsPerOwner,
		Policy:           cfg.TenantCreation,
		Advice:           cfg.tenantAdvice(),
		Report:           func(err error) { cfg.logger().Warn("a look-up failed; the request goes on", "error", err) },
	}
}

// invitationService returns the use cases of invitations. [New] adds an identity
// provider and limits.
func (s stores) invitationService(cfg Config) *invitations.Service {
	return &invitations.Service{Store: s.invitations, Tokens: s.invitations, URL: cfg.InvitationURL}
}

// eventService returns the use cases of events.
func (s stores) eventService(cfg Config) *events.Service {
	return &events.Service{
		Sequencer:  s.events,
		Reader:     s.events,
		Consumers:  s.events,
		Operations: s.events,
		Keeper:     s.events,
		Retention:  cfg.EventRetention,
		Report:     func(err error) { cfg.logger().Warn("the delivery of events failed", "error", err) },
	}
}
