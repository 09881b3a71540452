package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Archives exports and imports tenants, which have no tables. It implements
// [ports.TenantArchives].
type Archives struct{ db *DB }

var _ ports.TenantArchives = (*Archives)(nil)

// Archives returns what exports and imports tenants.
func (db *DB) Archives() *Archives { return &Archives{db} }

// imported is what an import that is not activated keeps beside its reservation.
type imported struct {
	token       string
	settings    domain.Settings
	limits      domain.TenantLimits
	members     []domain.Membership
	invitations []domain.Invitation
}

// Export implements [ports.TenantArchives]. The database is not locked while into
// receives what was read.
func (a *Archives) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (ports.ArchivedTenant, error) {
	if err := a.db.Ready(ctx); err != nil {
		return ports.ArchivedTenant{}, err
	}
	found, members, invitations, err := a.read(id)
	if err != nil {
		return ports.ArchivedTenant{}, err
	}
	for _, m := range members {
		if err := into.Member(m); err != nil {
			return ports.ArchivedTenant{}, err
		}
	}
	for _, i := range invitations {
		if err := into.Invitation(i); err != nil {
			return ports.ArchivedTenant{}, err
		}
	}
	return ports.ArchivedTenant{Tenant: found}, nil
}

// read copies what the database has of a tenant.
func (a *Archives) read(id domain.TenantID) (domain.TenantDetails, []domain.Membership, []domain.Invitation, error) {
	a.db.mu.Lock()
	defer a.db.mu.Unlock()
	t := a.db.tenants[id]
	if t == nil || !t.Status.VisibleToOwners() {
		return domain.TenantDetails{}, nil, nil, errTenantNotFound
	}
	var members []domain.Membership
	for _, places := range a.db.places {
		if m, found := places[id]; found {
			members = append(members, m)
		}
	}
	slices.SortFunc(members, func(a, b domain.Membership) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.Identity.String(), b.Identity.String()))
	})
	var invitations []domain.Invitation
	now := clock(a.db.Now)
	for _, i := range a.db.invitations {
		if i.Tenant == id {
			invitations = append(invitations, i.at(now))
		}
	}
	slices.SortFunc(invitations, func(a, b domain.Invitation) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return t.TenantDetails, members, invitations, nil
}

// Import implements [ports.TenantArchives]. A reservation has the ID until the tenant is
// activated. The database is not locked while the archive is read.
func (a *Archives) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	if err := a.db.Ready(ctx); err != nil {
		return ports.PendingImport{}, err
	}
	if len(in.Tables) > 0 || len(in.Sequences) > 0 || len(in.Files) > 0 {
		return ports.PendingImport{}, ports.ErrArchiveRefused("the archive has tables, and memory has none: configure a database")
	}
	pending, err := a.reserve(in.Tenant.Tenant)
	if err != nil {
		return ports.PendingImport{}, err
	}
	if err := a.fill(ctx, pending, in); err != nil {
		_ = a.Discard(context.WithoutCancel(ctx), pending) // it fails only if the database does
		return ports.PendingImport{}, err
	}
	return pending, nil
}

func (a *Archives) reserve(t domain.Tenant) (ports.PendingImport, error) {
	a.db.mu.Lock()
	defer a.db.mu.Unlock()
	now := clock(a.db.Now)
	if a.db.taken(t.ID, now) {
		return ports.PendingImport{}, errTenantExists
	}
	a.db.unreserve(t.ID)
	pending := ports.PendingImport{Tenant: t.ID, Token: rand.Text()}
	set(&a.db.reservations, t.ID, &reservation{
		Tenant:   domain.Tenant{ID: t.ID, Name: t.Name, Status: domain.Unclaimed, CreatedAt: now, ClaimExpiresAt: now.Add(ports.ImportLife)},
		imported: &imported{token: pending.Token},
	})
	return pending, nil
}

// fill reads the archive.
func (a *Archives) fill(ctx context.Context, p ports.PendingImport, in ports.TenantImport) error {
	read := imported{token: p.Token, settings: in.Tenant.Settings, limits: in.Tenant.Limits}
	for m, err := range in.Members {
		if err != nil {
			return err
		}
		read.members = append(read.members, m)
	}
	open := map[string]bool{}
	for i, err := range in.Invitations {
		if err != nil {
			return err
		}
		if i.ByMail() && i.State.MayBeResent() {
			if open[i.Email.Key()] {
				return ports.ErrTwoInvitations()
			}
			open[i.Email.Key()] = true
		}
		read.invitations = append(read.invitations, i)
	}
	return a.pending(ctx, p, func(r *reservation, _ time.Time) error {
		*r.imported = read
		return nil
	})
}

// pending runs work on the reservation of an import.
func (a *Archives) pending(ctx context.Context, p ports.PendingImport, work func(r *reservation, now time.Time) error) error {
	if err := a.db.Ready(ctx); err != nil {
		return err
	}
	a.db.mu.Lock()
	defer a.db.mu.Unlock()
	now := clock(a.db.Now)
	found := a.db.reserved(p.Tenant, now)
	if found == nil || found.imported == nil || found.imported.token != p.Token {
		return ports.ErrImportEnded
	}
	return work(found, now)
}

// Renew implements [ports.TenantArchives].
func (a *Archives) Renew(ctx context.Context, p ports.PendingImport) error {
	return a.pending(ctx, p, func(r *reservation, now time.Time) error {
		r.ClaimExpiresAt = now.Add(ports.ImportLife)
		return nil
	})
}

// Activate implements [ports.TenantArchives].
func (a *Archives) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (made domain.Tenant, err error) {
	err = a.pending(ctx, p, func(r *reservation, _ time.Time) error {
		members := slices.SortedFunc(slices.Values(r.imported.members), func(a, b domain.Membership) int { return a.CreatedAt.Compare(b.CreatedAt) })
		owner := slices.IndexFunc(members, domain.Membership.KeepsOwnership)
		if owner < 0 {
			return domain.NewError(domain.CodeLastOwner)
		}
		made = r.Tenant
		made.Status, made.ClaimExpiresAt = domain.Active, time.Time{}
		event, err := domain.NewTenantEvent(ctx, domain.EventTenantCreated, made, members[owner].Identity, domain.Email{}, by)
		if err != nil {
			return err
		}
		a.db.record(event)
		a.db.activate(made, r.imported)
		return nil
	})
	if errors.Is(err, ports.ErrImportEnded) {
		return a.activated(p)
	}
	return made, err
}

// activated returns the tenant of an import whose activation is repeated.
func (a *Archives) activated(p ports.PendingImport) (domain.Tenant, error) {
	a.db.mu.Lock()
	defer a.db.mu.Unlock()
	t := a.db.tenants[p.Tenant]
	if t == nil || t.imported != p.Token || t.Status != domain.Active {
		return domain.Tenant{}, ports.ErrImportEnded
	}
	return t.Tenant, nil
}

// activate puts the tenant of an import in place of its reservation.
func (db *DB) activate(t domain.Tenant, from *imported) {
	db.unreserve(t.ID)
	record := newRecord(t)
	record.Settings, record.Limits, record.imported = from.settings, from.limits, from.token
	set(&db.tenants, t.ID, record)
	for _, m := range from.members {
		db.place(m)
	}
	for _, i := range from.invitations {
		if i.State == domain.InvitationExpired {
			i.State = domain.InvitationOpen
		}
		set(&db.invitations, i.ID, &invitation{Invitation: i})
	}
}

// Discard implements [ports.TenantArchives].
func (a *Archives) Discard(ctx context.Context, p ports.PendingImport) error {
	err := a.pending(ctx, p, func(r *reservation, _ time.Time) error {
		a.db.unreserve(r.ID)
		return nil
	})
	if errors.Is(err, ports.ErrImportEnded) {
		return nil
	}
	return err
}
