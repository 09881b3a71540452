package porttest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Adapters of memberships, each of which breaks one promise.

func memberFaults() map[string]fault {
	return map[string]fault{
		"an owner too few":              {changer(func(s *porttest.Tenancy) { s.Changer = reckless{s.Changer} }), "an owner leaves, except the last one"},
		"a rule of roles ignored":       {changer(func(s *porttest.Tenancy) { s.Changer = lawless{s.Changer} }), "a member changes the roles that the rule of roles allows, and no other"},
		"roles as they were before":     {changer(func(s *porttest.Tenancy) { s.Changer = hurried{s.Changer, s.Lister, twoAtOnce()} }), "of members who demote each other at once one succeeds, each admin"},
		"a suspension ignored":          {changer(func(s *porttest.Tenancy) { s.Changer = forgiving{s.Changer} }), "a suspended member is not admitted until active again"},
		"a deletion ignored":            {changer(func(s *porttest.Tenancy) { s.Changer = undeleted{s.Changer, s.Lifecycle} }), "the operator changes no member of a deleted tenant"},
		"a deleted tenant unlisted":     {lister(func(s *porttest.Tenancy) { s.Lister = shy{s.Lister, s.Lifecycle} }), "the members of a tenant are listed whatever its status, and a page of none is empty"},
		"an expiry ignored":             {changer(func(s *porttest.Tenancy) { s.Changer = endless{s.Changer} }), "an expired member is not admitted until the end is later or none"},
		"a removal repeated":            {changer(func(s *porttest.Tenancy) { s.Changer = tolerant{s.Changer} }), "a removed member is not admitted, and cannot be removed again"},
		"an author forgotten":           {changer(func(s *porttest.Tenancy) { s.Changer = anonymous{s.Changer} }), "a change changes what it names, and returns the membership"},
		"a handover to any member":      {changer(func(s *porttest.Tenancy) { s.Changer = impatient{s.Changer} }), "an heir is an active member"},
		"a grant without its record":    {changer(func(s *porttest.Tenancy) { s.Changer = unrecorded{s.Changer} }), "by an idempotency key/a repeated request gets the first answer and creates nothing"},
		"a filter ignored":              {lister(func(s *porttest.Tenancy) { s.Lister = unfiltered{s.Lister} }), "members are selected by role, state, address and subject"},
		"a list that starts anew":       {lister(func(s *porttest.Tenancy) { s.Lister = endlessly{s.Lister} }), "a page after the last member is empty, and a tenant that is absent or unclaimed is not found"},
		"a list in another order":       {lister(func(s *porttest.Tenancy) { s.Lister = reversed{s.Lister} }), "members come in the order of their providers and subjects by byte, page after page"},
		"settings of the first look-up": {members(func(s *porttest.Tenancy) { s.WithSettings = &inert{MemberStore: s.WithSettings} }), "the settings of a tenant are read as they are now"},
		"settings for all":              {members(func(s *porttest.Tenancy) { s.WithSettings = indiscreet{s.WithSettings, s.Lifecycle} }), "a store that reads settings finds no more than one that does not"},
		"an address not kept":           {emails(func(s *porttest.Tenancy) { s.Emails = addressless{s.Emails} }), "an address is kept in all memberships of the identity, and in no other"},
	}
}

func changer(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.MemberChanger(t, opensTenancy(breaks)) }
}

func lister(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.MemberLister(t, opensTenancy(breaks)) }
}

func emails(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.MemberEmails(t, opensTenancy(breaks)) }
}

// inert remembers the settings that it read first.
type inert struct {
	ports.MemberStore
	once  sync.Once
	first domain.Settings
}

func (s *inert) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (ports.Admission, error) {
	found, err := s.MemberStore.Find(ctx, who, id)
	s.once.Do(func() { s.first = found.Settings })
	found.Settings = s.first
	return found, err
}

// indiscreet finds the settings of each tenant for each identity.
type indiscreet struct {
	ports.MemberStore
	lifecycle ports.TenantLifecycle
}

func (s indiscreet) Find(ctx context.Context, _ domain.Identity, id domain.TenantID) (ports.Admission, error) {
	details, err := s.lifecycle.Details(ctx, id)
	return ports.Admission{Status: details.Status, Role: domain.RoleOwner, Settings: details.Settings}, err
}

type reckless struct{ ports.MemberChanger }

func (s reckless) Remove(ctx context.Context, removal ports.MemberRemoval) error {
	err := s.MemberChanger.Remove(ctx, removal)
	if errors.Is(err, domain.CodeLastOwner) {
		return nil
	}
	return err
}

// lawless makes each member's change as the operator's.
type lawless struct{ ports.MemberChanger }

func (s lawless) Change(ctx context.Context, change ports.MemberChange) (domain.Membership, error) {
	change.By = domain.OperatorActor()
	return s.MemberChanger.Change(ctx, change)
}

// hurried applies the rule to the memberships that it read before the change, which it
// makes once the other of two changes has been checked, too.
type hurried struct {
	ports.MemberChanger
	lister  ports.MemberLister
	checked *sync.WaitGroup
}

func (s hurried) Change(ctx context.Context, change ports.MemberChange) (domain.Membership, error) {
	if change.By.IsOperator() {
		return s.MemberChanger.Change(ctx, change)
	}
	by, of := s.membership(ctx, change.Tenant, change.By.Identity), s.membership(ctx, change.Tenant, change.Member)
	s.checked.Done()
	s.checked.Wait()
	if err := domain.CheckMembershipChange(by, of, change.Apply(of)); err != nil {
		return domain.Membership{}, err
	}
	change.By = domain.OperatorActor()
	return s.MemberChanger.Change(ctx, change)
}

func (s hurried) membership(ctx context.Context, id domain.TenantID, of domain.Identity) domain.Membership {
	all, _ := s.lister.List(ctx, ports.MemberQuery{Tenant: id, Limit: 1000})
	i := slices.IndexFunc(all, func(m domain.Membership) bool { return m.Identity == of })
	return all[i]
}

func twoAtOnce() *sync.WaitGroup {
	var wg sync.WaitGroup
	wg.Add(2)
	return &wg
}

type forgiving struct{ ports.MemberChanger }

func (s forgiving) Change(ctx context.Context, change ports.MemberChange) (domain.Membership, error) {
	change.State = nil
	return s.MemberChanger.Change(ctx, change)
}

// undeleted grants in a deleted tenant, which it restores for that time.
type undeleted struct {
	ports.MemberChanger
	lifecycle ports.TenantLifecycle
}

func (s undeleted) Grant(ctx context.Context, grant ports.MemberGrant) (ports.GrantedMembership, error) {
	do := func(change domain.TenantChange) error {
		_, err := s.lifecycle.Change(ctx, ports.TenantChange{Tenant: grant.Tenant, By: domain.OperatorActor(), TenantChange: change})
		return err
	}
	if tenant, err := s.lifecycle.Details(ctx, grant.Tenant); err != nil || tenant.Status != domain.Deleted {
		return s.MemberChanger.Grant(ctx, grant)
	}
	if err := do(domain.TenantChange{Action: domain.RestoreTenant}); err != nil {
		return ports.GrantedMembership{}, err
	}
	granted, err := s.MemberChanger.Grant(ctx, grant)
	return granted, errors.Join(err, do(domain.TenantChange{Action: domain.DeleteTenant, Grace: time.Hour}))
}

// shy does not find a deleted tenant where no member matches.
type shy struct {
	ports.MemberLister
	lifecycle ports.TenantLifecycle
}

func (s shy) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	page, err := s.MemberLister.List(ctx, query)
	if tenant, _ := s.lifecycle.Details(ctx, query.Tenant); err == nil && len(page) == 0 && tenant.Status == domain.Deleted {
		return nil, domain.NewError(domain.CodeTenantNotFound)
	}
	return page, err
}

type endless struct{ ports.MemberChanger }

func (s endless) Grant(ctx context.Context, grant ports.MemberGrant) (ports.GrantedMembership, error) {
	end := grant.ExpiresAt
	grant.ExpiresAt = ports.MemberGrant{}.ExpiresAt
	granted, err := s.MemberChanger.Grant(ctx, grant)
	granted.ExpiresAt = end
	return granted, err
}

type unrecorded struct{ ports.MemberChanger }

func (s unrecorded) Grant(ctx context.Context, grant ports.MemberGrant) (ports.GrantedMembership, error) {
	grant.Idempotency = nil
	return s.MemberChanger.Grant(ctx, grant)
}

type tolerant struct{ ports.MemberChanger }

func (s tolerant) Remove(ctx context.Context, removal ports.MemberRemoval) error {
	err := s.MemberChanger.Remove(ctx, removal)
	if errors.Is(err, domain.CodeMemberNotFound) {
		return nil
	}
	return err
}

// anonymous returns memberships without the author of their grant.
type anonymous struct{ ports.MemberChanger }

func (s anonymous) Change(ctx context.Context, change ports.MemberChange) (domain.Membership, error) {
	changed, err := s.MemberChanger.Change(ctx, change)
	changed.GrantedBy = domain.Actor{}
	return changed, err
}

// impatient makes an heir active first.
type impatient struct{ ports.MemberChanger }

func (s impatient) HandOver(ctx context.Context, handover ports.Handover) (domain.Membership, domain.Membership, error) {
	active := domain.MemberActive
	_, _ = s.Change(ctx, ports.MemberChange{Tenant: handover.Tenant, Member: handover.Heir, By: domain.OperatorActor(), MembershipChange: domain.MembershipChange{State: &active}})
	return s.MemberChanger.HandOver(ctx, handover)
}

type unfiltered struct{ ports.MemberLister }

func (s unfiltered) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	query.Role, query.State, query.Text = "", "", ""
	return s.MemberLister.List(ctx, query)
}

type endlessly struct{ ports.MemberLister }

func (s endlessly) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	page, err := s.MemberLister.List(ctx, query)
	if len(page) == 0 && err == nil {
		query.After = domain.Identity{}
		return s.MemberLister.List(ctx, query)
	}
	return page, err
}

type reversed struct{ ports.MemberLister }

func (s reversed) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	page, err := s.MemberLister.List(ctx, query)
	slices.Reverse(page)
	return page, err
}

type addressless struct{ ports.MemberEmails }

func (s addressless) SetEmail(ctx context.Context, who domain.Identity, _ domain.Email) error {
	return s.MemberEmails.SetEmail(ctx, who, domain.Email{})
}
