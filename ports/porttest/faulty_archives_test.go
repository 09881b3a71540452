package porttest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// Adapters of archives, each of which breaks one promise.

func archiveFaults() map[string]fault {
	archives := func(wrap func(porttest.Tenancy) ports.TenantArchives) func(*testing.T) {
		return func(t *testing.T) {
			porttest.TenantArchives(t, opensTenancy(func(s *porttest.Tenancy) { s.Archives = wrap(*s) }))
		}
	}
	return map[string]fault{
		"an export without invitations": {archives(func(s porttest.Tenancy) ports.TenantArchives { return uninviting{s.Archives} }),
			"an export has the record, the members and the invitations of a tenant, and those of no other"},
		"an export without settings": {archives(func(s porttest.Tenancy) ports.TenantArchives { return unsettled{s.Archives} }),
			"an export has the record, the members and the invitations of a tenant, and those of no other"},
		"an export without limits": {archives(func(s porttest.Tenancy) ports.TenantArchives { return limitless{s.Archives} }),
			"an export has the record, the members and the invitations of a tenant, and those of no other"},
		"an error in other words": {archives(func(s porttest.Tenancy) ports.TenantArchives { return wrapping{s.Archives} }),
			"an error of what receives an export comes back as it is"},
		"invitations forgotten": {archives(func(s porttest.Tenancy) ports.TenantArchives { return closed{s.Archives} }),
			"an imported tenant has what was exported"},
		"an import that is served at once": {archives(func(s porttest.Tenancy) ports.TenantArchives { return hastyImport{s.Archives} }),
			"a tenant is not served until its import is activated"},
		"an import that replaces": {archives(func(s porttest.Tenancy) ports.TenantArchives { return &replacing{TenantArchives: s.Archives} }),
			"an ID that is taken is not imported"},
		"an import that leaves its beginning": {archives(func(s porttest.Tenancy) ports.TenantArchives { return littering{s.Archives, s.Tenants} }),
			"an archive that breaks off leaves nothing, and its error comes back as it is"},
		"one of two invitations dropped": {archives(func(s porttest.Tenancy) ports.TenantArchives { return deduplicating{s.Archives} }),
			"an archive with two open invitations to one address is refused, and leaves nothing"},
		"an orphan activated": {archives(func(s porttest.Tenancy) ports.TenantArchives { return adopting{s.Archives, s.Tenants} }),
			"a tenant without an active owner is not activated"},
		"a discard that discards nothing": {archives(func(s porttest.Tenancy) ports.TenantArchives { return keeping{s.Archives} }),
			"an import that is discarded leaves nothing"},
		"a renewal of what is active": {archives(func(s porttest.Tenancy) ports.TenantArchives { return eternal{s.Archives} }),
			"an activated import can be neither discarded nor renewed"},
		"an activation that is good once": {archives(func(s porttest.Tenancy) ports.TenantArchives { return &once{TenantArchives: s.Archives} }),
			"an activation that is repeated returns the tenant and records nothing"},
		"an activation of what is active": {archives(func(s porttest.Tenancy) ports.TenantArchives { return repeating{s.Archives, s.Lifecycle} }),
			"an activated import is not that of another token, nor one that is active no longer"},
		"a winner for each": {archives(func(s porttest.Tenancy) ports.TenantArchives { return &replacing{TenantArchives: s.Archives} }),
			"of imports of an ID at once one succeeds"},
	}
}

// uninviting exports no invitations.
type uninviting struct{ ports.TenantArchives }

type withoutInvitations struct{ ports.ArchiveSink }

func (withoutInvitations) Invitation(domain.Invitation) error { return nil }

func (a uninviting) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (ports.ArchivedTenant, error) {
	return a.TenantArchives.Export(ctx, id, withoutInvitations{into})
}

// unsettled exports no settings.
type unsettled struct{ ports.TenantArchives }

func (a unsettled) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (ports.ArchivedTenant, error) {
	found, err := a.TenantArchives.Export(ctx, id, into)
	found.Tenant.Settings = domain.Settings{}
	return found, err
}

// limitless exports no limits.
type limitless struct{ ports.TenantArchives }

func (a limitless) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (ports.ArchivedTenant, error) {
	found, err := a.TenantArchives.Export(ctx, id, into)
	found.Tenant.Limits = domain.TenantLimits{}
	return found, err
}

// wrapping adds words to each error.
type wrapping struct{ ports.TenantArchives }

func (a wrapping) Export(ctx context.Context, id domain.TenantID, into ports.ArchiveSink) (ports.ArchivedTenant, error) {
	found, err := a.TenantArchives.Export(ctx, id, into)
	if err != nil {
		err = fmt.Errorf("export: %w", err)
	}
	return found, err
}

// closed imports no invitations.
type closed struct{ ports.TenantArchives }

func (a closed) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	in.Invitations = func(func(domain.Invitation, error) bool) {}
	return a.TenantArchives.Import(ctx, in)
}

// hastyImport activates each import.
type hastyImport struct{ ports.TenantArchives }

func (a hastyImport) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	pending, err := a.TenantArchives.Import(ctx, in)
	if err == nil {
		_, err = a.Activate(ctx, pending, domain.OperatorActor())
	}
	return pending, err
}

// replacing imports once more what is pending.
type replacing struct {
	ports.TenantArchives
	mu   sync.Mutex
	last ports.PendingImport
}

func (a *replacing) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last.Tenant == in.Tenant.ID {
		_ = a.Discard(ctx, a.last)
	}
	pending, err := a.TenantArchives.Import(ctx, in)
	if err == nil {
		a.last = pending
	}
	return pending, err
}

// littering keeps the ID of an import that failed.
type littering struct {
	ports.TenantArchives
	tenants porttest.Tenants
}

func (a littering) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	pending, err := a.TenantArchives.Import(ctx, in)
	if err != nil {
		_, _ = a.tenants.Create(ctx, ports.TenantCreation{ID: in.Tenant.ID, Name: "rest", Owner: domain.Must(domain.NewIdentity("porttest", "rest"))})
	}
	return pending, err
}

// deduplicating drops an invitation whose address has one.
type deduplicating struct{ ports.TenantArchives }

func (a deduplicating) Import(ctx context.Context, in ports.TenantImport) (ports.PendingImport, error) {
	all := in.Invitations
	in.Invitations = func(yield func(domain.Invitation, error) bool) {
		seen := map[string]bool{}
		for i, err := range all {
			if seen[i.Email.Key()] {
				continue
			}
			if seen[i.Email.Key()] = i.ByMail(); !yield(i, err) {
				return
			}
		}
	}
	return a.TenantArchives.Import(ctx, in)
}

// adopting finds an owner for a tenant that has none.
type adopting struct {
	ports.TenantArchives
	tenants porttest.Tenants
}

func (a adopting) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (domain.Tenant, error) {
	made, err := a.TenantArchives.Activate(ctx, p, by)
	if domain.CodeOf(err) == domain.CodeLastOwner {
		_ = a.Discard(ctx, p)
		created, err := a.tenants.Create(ctx, ports.TenantCreation{ID: p.Tenant, Name: "adopted", Owner: domain.Must(domain.NewIdentity("porttest", "system"))})
		return created.Tenant, err
	}
	return made, err
}

// keeping discards nothing.
type keeping struct{ ports.TenantArchives }

func (keeping) Discard(context.Context, ports.PendingImport) error { return nil }

// eternal renews each import.
type eternal struct{ ports.TenantArchives }

func (eternal) Renew(context.Context, ports.PendingImport) error { return nil }

// once refuses an activation that is repeated.
type once struct {
	ports.TenantArchives
	activated sync.Map
}

func (a *once) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (domain.Tenant, error) {
	if _, repeated := a.activated.LoadOrStore(p, true); repeated {
		return domain.Tenant{}, ports.ErrImportEnded
	}
	return a.TenantArchives.Activate(ctx, p, by)
}

// repeating activates a tenant that exists.
type repeating struct {
	ports.TenantArchives
	lifecycle ports.TenantLifecycle
}

func (a repeating) Activate(ctx context.Context, p ports.PendingImport, by domain.Actor) (domain.Tenant, error) {
	made, err := a.TenantArchives.Activate(ctx, p, by)
	if err != nil {
		found, err := a.lifecycle.Details(ctx, p.Tenant)
		return found.Tenant, err
	}
	return made, err
}
