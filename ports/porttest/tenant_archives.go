package porttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TenantArchives runs the contract of [ports.TenantArchives].
func TenantArchives(t *testing.T, open func(t *testing.T) Tenancy) {
	exportTenants(t, open)
	importTenants(t, open)
	refuseImports(t, open)
	endImports(t, open)
	raceImports(t, open)
	heedContext(t, func(ctx context.Context) error {
		x := openTeam(t, open)
		_, err := x.Archives.Export(ctx, x.ID, &archived{})
		return err
	})
}

// archived is an archive in memory.
type archived struct {
	ports.ArchivedTenant
	members     []domain.Membership
	invitations []domain.Invitation
	tables      []ports.ArchivedTable
	rows        map[string]*bytes.Buffer
	refuses     error // of the invitations
}

func (a *archived) Member(m domain.Membership) error {
	a.members = append(a.members, m)
	return nil
}

func (a *archived) Invitation(i domain.Invitation) error {
	a.invitations = append(a.invitations, i)
	return a.refuses
}

func (a *archived) Table(table ports.ArchivedTable) (io.Writer, error) {
	a.tables = append(a.tables, table)
	if a.rows == nil {
		a.rows = map[string]*bytes.Buffer{}
	}
	a.rows[table.Name] = &bytes.Buffer{}
	return a.rows[table.Name], nil
}

// as returns the import of the archive under the ID. Its invitations have new IDs.
func (a *archived) as(id domain.TenantID) ports.TenantImport {
	in := ports.TenantImport{ArchivedTenant: a.ArchivedTenant, Tables: a.tables}
	in.Tenant.ID = id
	in.Members = func(yield func(domain.Membership, error) bool) {
		for _, m := range a.members {
			if m.Tenant = id; !yield(m, nil) {
				return
			}
		}
	}
	in.Invitations = func(yield func(domain.Invitation, error) bool) {
		for _, i := range a.invitations {
			i.Tenant, i.ID = id, domain.NewInvitationID(i.CreatedAt)
			if !yield(i, nil) {
				return
			}
		}
	}
	in.Rows = func(table ports.ArchivedTable) (io.Reader, error) {
		return bytes.NewReader(a.rows[table.Name].Bytes()), nil
	}
	return in
}

// export returns an archive of the team's tenant.
func (x team) export(t *testing.T) *archived {
	t.Helper()
	a := &archived{}
	found, err := x.Archives.Export(t.Context(), x.ID, a)
	mustDo(t, err)
	a.ArchivedTenant = found
	return a
}

// copied returns a team without a tenant yet, whose ID is new.
func (x team) copied(t *testing.T) team {
	t.Helper()
	x.ID = newTenantID(t, "copied")
	return x
}

func (x team) importAs(t *testing.T, in ports.TenantImport) ports.PendingImport {
	t.Helper()
	pending, err := x.Archives.Import(t.Context(), in)
	mustDo(t, err)
	return pending
}

func (x team) activate(t *testing.T, p ports.PendingImport) domain.Tenant {
	t.Helper()
	made, err := x.Archives.Activate(t.Context(), p, operator)
	mustDo(t, err)
	return made
}

// gone returns a team of the same registry whose tenant is purged.
func (x team) gone(t *testing.T) team {
	t.Helper()
	y := x.another(t)
	y.mustChange(t, y.owner(), remove)
	y.mustChange(t, operator, purgeNow)
	y.bury(t, time.Hour)
	return y
}

// inviteOfEachState makes an invitation of each state.
func (x team) inviteOfEachState(t *testing.T) {
	t.Helper()
	short := x.request(domain.RoleViewer)
	short.Life = soon
	x.invite(t, short)
	x.invite(t, x.mailRequest(domain.RoleAdmin, newEmail(t)))
	mustDo(t, x.revoke(t, x.owner(), x.invite(t, x.request(domain.RoleMember))))
	byLink := x.request(domain.RoleMember)
	x.invite(t, byLink)
	mustDo(t, second(x.accept(t, byLink.Token, newIdentity(t))))
	time.Sleep(past)
}

func exportTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an export has the record, the members and the invitations of a tenant, and those of no other", func(t *testing.T) {
		x := openTeam(t, open)
		x.another(t).inviteOfEachState(t)
		settings := domain.Must(domain.ParseSettings([]byte(`{"color": "blue"}`)))
		x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.EditTenant, Settings: &settings})
		limits := x.limit(t)
		suspended := x.join(t, domain.RoleViewer)
		mustDo(t, x.change(t, x.owner(), suspended, toState(domain.MemberSuspended)))
		x.inviteOfEachState(t)
		got := x.export(t)
		if got.Tenant.ID != x.ID || got.Tenant.Name != x.Name || got.Tenant.Settings != settings || got.Tenant.Limits != limits {
			t.Errorf("the record is %+v", got.Tenant)
		}
		for _, want := range x.list(t, ports.MemberQuery{Limit: 10}) {
			if !slices.ContainsFunc(got.members, want.Equal) {
				t.Errorf("%+v is not among %+v", want, got.members)
			}
		}
		x.mustHaveInvitations(t, got.invitations)
		if len(got.members) != 3 || len(got.invitations) != 4 {
			t.Errorf("%d members, %d invitations", len(got.members), len(got.invitations))
		}
	})
	t.Run("a suspended tenant is exported, and so is a deleted one", func(t *testing.T) {
		x := openTeam(t, open)
		for _, change := range []domain.TenantChange{suspend, remove} {
			x.mustChange(t, operator, change)
			if got := x.export(t); len(got.members) != 1 {
				t.Errorf("%+v", got)
			}
		}
	})
	t.Run("what is no tenant is not exported", func(t *testing.T) {
		x := openTeam(t, open)
		r := reservation(t)
		reserve(t, x.Tenancy, r)
		gone := x.gone(t)
		for _, id := range []domain.TenantID{newTenantID(t, "nowhere"), r.ID, gone.ID} {
			mustBe(t, second(x.Archives.Export(t.Context(), id, &archived{})), domain.CodeTenantNotFound)
		}
	})
	t.Run("an error of what receives an export comes back as it is", func(t *testing.T) {
		x, full := openTeam(t, open), errors.New("the disk is full")
		x.invite(t, x.request(domain.RoleViewer))
		if _, err := x.Archives.Export(t.Context(), x.ID, &archived{refuses: full}); err != full { //nolint:errorlint // it is not wrapped
			t.Errorf("got %v", err)
		}
	})
}

// mustHaveInvitations fails unless the tenant's invitations are those, whatever their IDs
// and creators are.
func (x team) mustHaveInvitations(t *testing.T, want []domain.Invitation) {
	t.Helper()
	var got []domain.Invitation
	for _, state := range []domain.InvitationState{domain.InvitationOpen, domain.InvitationAccepted, domain.InvitationRevoked, domain.InvitationExpired} {
		got = append(got, x.invitations(t, state)...)
	}
	for _, w := range want {
		w.Tenant = x.ID
		if !slices.ContainsFunc(got, func(g domain.Invitation) bool { g.ID = w.ID; return sameInvitation(g, w) }) {
			t.Errorf("%+v is not among %+v", w, got)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d invitations, want %d", len(got), len(want))
	}
}
