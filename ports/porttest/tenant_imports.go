package porttest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func importTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an imported tenant has what was exported", func(t *testing.T) {
		x := openTeam(t, open)
		settings := domain.Must(domain.ParseSettings([]byte(`{"color": "blue"}`)))
		x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.EditTenant, Settings: &settings})
		limits := x.limit(t)
		x.inviteOfEachState(t)
		archive, y := x.export(t), x.copied(t)
		made := y.activate(t, y.importAs(t, archive.as(y.ID)))
		if made.ID != y.ID || made.Name != x.Name || made.Status != domain.Active {
			t.Errorf("made %+v", made)
		}
		mustBeRecent(t, made.CreatedAt)
		again := y.export(t)
		if again.Tenant.Settings != settings || again.Tenant.Limits != limits || len(again.members) != len(archive.members) || len(again.tables) != len(archive.tables) {
			t.Errorf("got %+v\nwant %+v", again, archive)
		}
		for _, m := range archive.members {
			m.Tenant = y.ID
			if got := y.membership(t, m.Identity); !got.Equal(m) {
				t.Errorf("the membership is %+v, want %+v", got, m)
			}
		}
		for name, rows := range archive.rows {
			if again.rows[name].String() != rows.String() {
				t.Errorf("the table %s differs", name)
			}
		}
		y.mustHaveInvitations(t, archive.invitations)
		x.mustHaveInvitations(t, archive.invitations)
		y.mustBeWhole(t)
	})
	t.Run("an imported tenant begins with one event, on behalf of an owner", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.copied(t)
		y.activate(t, y.importAs(t, x.export(t).as(y.ID)))
		got := y.events(t, y.ID)
		mustBeKinds(t, got, domain.EventTenantCreated)
		if got[0].Actor != operator || got[0].OnBehalfOf != x.Owner {
			t.Errorf("got %+v", got[0])
		}
	})
	t.Run("no token is good for an imported invitation until it is resent", func(t *testing.T) {
		x := openTeam(t, open)
		byLink, byMail := x.request(domain.RoleViewer), x.mailRequest(domain.RoleViewer, newEmail(t))
		x.invite(t, byLink)
		token := x.issue(t, x.invite(t, byMail))
		y := x.copied(t)
		y.activate(t, y.importAs(t, x.export(t).as(y.ID)))
		for _, token := range []domain.TokenHash{byLink.Token, token} {
			offer, err := x.Invitations.Peek(t.Context(), token)
			mustDo(t, err)
			if offer.Tenant != x.ID {
				t.Errorf("the token is good for %s", offer.Tenant)
			}
		}
		for _, i := range y.invitations(t, domain.InvitationOpen) {
			fresh := newHash()
			resent, err := y.resend(t, y.owner(), i, fresh)
			mustDo(t, err)
			if i.ByMail() {
				fresh = y.issue(t, resent)
			}
			offer, err := y.Invitations.Peek(t.Context(), fresh)
			mustDo(t, err)
			if offer.ID != i.ID {
				t.Errorf("the token is good for %+v", offer)
			}
		}
	})
	t.Run("a tenant is not served until its import is activated", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.copied(t)
		pending := y.importAs(t, x.export(t).as(y.ID))
		y.mustNotBeServed(t, y.Owner)
		mustBe(t, second(y.Archives.Export(t.Context(), y.ID, &archived{})), domain.CodeTenantNotFound)
		if got := y.events(t, y.ID); len(got) != 0 {
			t.Errorf("the events are %+v", got)
		}
		y.mustBeWhole(t)
		mustDo(t, y.Archives.Renew(t.Context(), pending))
		mustDo(t, second(y.Tenants.Sweep(t.Context())))
		y.activate(t, pending)
		mustDo(t, second(y.Members.Find(t.Context(), y.Owner, y.ID)))
	})
}

// mustNotBeServed fails if the store admits the member to the team's tenant.
func (x team) mustNotBeServed(t *testing.T, who domain.Identity) {
	t.Helper()
	found, err := x.Members.Find(t.Context(), who, x.ID)
	if err != nil {
		mustBe(t, err, domain.CodeTenantNotFound)
	} else if found.Status.ServesMembers() {
		t.Errorf("the member is admitted: %+v", found)
	}
	listed, err := x.Members.Memberships(t.Context(), who, 10)
	mustDo(t, err)
	if slices.ContainsFunc(listed, func(m ports.TenantMembership) bool { return m.Tenant.ID == x.ID }) {
		t.Errorf("the membership is listed: %+v", listed)
	}
}

func refuseImports(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an ID that is taken is not imported", func(t *testing.T) {
		x := openTeam(t, open)
		archive, r := x.export(t), reservation(t)
		reserve(t, x.Tenancy, r)
		gone, pending := x.gone(t), x.copied(t)
		pending.importAs(t, archive.as(pending.ID))
		for _, id := range []domain.TenantID{x.ID, r.ID, gone.ID, pending.ID} {
			mustBe(t, second(x.Archives.Import(t.Context(), archive.as(id))), domain.CodeTenantExists)
		}
		mustBe(t, second(x.Tenants.Create(t.Context(), ports.TenantCreation{ID: pending.ID, Name: "x", Owner: x.Owner})), domain.CodeTenantExists)
		r.ID = pending.ID
		mustBe(t, second(x.Reservations.Reserve(t.Context(), r)), domain.CodeTenantExists)
		x.mustBeAdmitted(t, x.Owner, true)
	})
	t.Run("an archive that breaks off leaves nothing, and its error comes back as it is", func(t *testing.T) {
		x, cut := openTeam(t, open), errors.New("the archive is cut")
		x.inviteOfEachState(t)
		y, archive := x.copied(t), x.export(t)
		first := func() ports.TenantImport { return archive.as(y.ID) }
		members, invitations := first(), first()
		members.Members = cutOff(members.Members, cut)
		invitations.Invitations = cutOff(invitations.Invitations, cut)
		for _, in := range []ports.TenantImport{members, invitations} {
			if _, err := y.Archives.Import(t.Context(), in); err != cut { //nolint:errorlint // it is not wrapped
				t.Errorf("got %v", err)
			}
			y.mustBeWhole(t)
		}
		y.activate(t, y.importAs(t, first()))
		y.mustHaveInvitations(t, archive.invitations)
	})
	t.Run("an archive with two open invitations to one address is refused, and leaves nothing", func(t *testing.T) {
		x, forms := openTeam(t, open), twoForms(t)
		x.invite(t, x.mailRequest(domain.RoleViewer, forms[0]))
		archive, y := x.export(t), x.copied(t)
		again := archive.invitations[0]
		again.Email = forms[1]
		twice := *archive
		twice.invitations = append(slices.Clone(archive.invitations), again)
		mustBe(t, second(y.Archives.Import(t.Context(), twice.as(y.ID))), ports.CodeArchiveRefused)
		again.State = domain.InvitationRevoked
		twice.invitations[1] = again
		y.activate(t, y.importAs(t, twice.as(y.ID)))
	})
	t.Run("a tenant without an active owner is not activated", func(t *testing.T) {
		x := openTeam(t, open)
		admin := x.join(t, domain.RoleAdmin)
		archive, y := x.export(t), x.copied(t)
		archive.members = slices.DeleteFunc(archive.members, func(m domain.Membership) bool { return m.Identity != admin })
		pending := y.importAs(t, archive.as(y.ID))
		mustBe(t, second(y.Archives.Activate(t.Context(), pending, operator)), domain.CodeLastOwner)
		y.mustNotBeServed(t, admin)
		mustDo(t, y.Archives.Renew(t.Context(), pending))
	})
}

// limit gives the tenant limits of its own.
func (x team) limit(t *testing.T) domain.TenantLimits {
	t.Helper()
	requests, connections := 70, 7
	x.mustChange(t, operator, domain.TenantChange{Action: domain.LimitTenant, Limits: domain.TenantLimitsEdit{MaxRequests: &requests, MaxConnections: &connections}})
	return domain.TenantLimits{MaxRequests: requests, MaxConnections: connections}
}

// cutOff yields the first of all, and then the error.
func cutOff[T any](all func(func(T, error) bool), err error) func(func(T, error) bool) {
	return func(yield func(T, error) bool) {
		for first, unread := range all {
			if !yield(first, unread) {
				return
			}
			break
		}
		var none T
		yield(none, err)
	}
}

func endImports(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an import that is discarded leaves nothing", func(t *testing.T) {
		x := openTeam(t, open)
		y, archive := x.copied(t), x.export(t)
		pending := y.importAs(t, archive.as(y.ID))
		mustDo(t, y.Archives.Discard(t.Context(), pending))
		mustBe(t, y.Archives.Renew(t.Context(), pending), ports.ErrImportEnded.Kind)
		mustBe(t, second(y.Archives.Activate(t.Context(), pending, operator)), ports.ErrImportEnded.Kind)
		y.mustBeWhole(t)
		mustBe(t, second(y.Lifecycle.Details(t.Context(), y.ID)), domain.CodeTenantNotFound)

		next := y.importAs(t, archive.as(y.ID))
		mustDo(t, y.Archives.Discard(t.Context(), pending)) // which is another import
		y.activate(t, next)
	})
	t.Run("an activated import can be neither discarded nor renewed", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.copied(t)
		pending := y.importAs(t, x.export(t).as(y.ID))
		y.activate(t, pending)
		mustDo(t, y.Archives.Discard(t.Context(), pending))
		mustBe(t, y.Archives.Renew(t.Context(), pending), ports.ErrImportEnded.Kind)
		mustDo(t, second(y.Members.Find(t.Context(), y.Owner, y.ID)))
		mustBeKinds(t, y.events(t, y.ID), domain.EventTenantCreated)
	})
	t.Run("an activation that is repeated returns the tenant and records nothing", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.copied(t)
		pending := y.importAs(t, x.export(t).as(y.ID))
		made := y.activate(t, pending)
		if again := y.activate(t, pending); again != made {
			t.Errorf("it returned %+v, and then %+v", made, again)
		}
		mustBeKinds(t, y.events(t, y.ID), domain.EventTenantCreated)
	})
	t.Run("an activated import is not that of another token, nor one that is active no longer", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.copied(t)
		pending := y.importAs(t, x.export(t).as(y.ID))
		y.activate(t, pending)
		other := pending
		other.Token += "x"
		mustBe(t, second(y.Archives.Activate(t.Context(), other, operator)), ports.ErrImportEnded.Kind)
		y.mustChange(t, operator, suspend)
		mustBe(t, second(y.Archives.Activate(t.Context(), pending, operator)), ports.ErrImportEnded.Kind)
	})
}

// importers is how many imports run at once. Each may need a connection of its own.
const importers = 8

func raceImports(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("of imports of an ID at once one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		y, archive := x.copied(t), x.export(t)
		pending, errs := make([]ports.PendingImport, importers), make([]error, importers)
		var wg sync.WaitGroup
		for i := range importers {
			wg.Go(func() { pending[i], errs[i] = y.Archives.Import(t.Context(), archive.as(y.ID)) })
		}
		wg.Wait()
		y.activate(t, pending[mustWinOnce(t, errs, domain.CodeTenantExists)])
		y.mustBeWhole(t)
	})
	t.Run("of an import and a creation of an ID at once one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		y, archive := x.copied(t), x.export(t)
		var wg sync.WaitGroup
		var pending ports.PendingImport
		errs := make([]error, 2)
		wg.Go(func() { pending, errs[0] = y.Archives.Import(t.Context(), archive.as(y.ID)) })
		wg.Go(func() {
			errs[1] = second(y.Tenants.Create(t.Context(), ports.TenantCreation{ID: y.ID, Name: "Created", Owner: y.Owner}))
		})
		wg.Wait()
		if mustWinOnce(t, errs, domain.CodeTenantExists) == 0 {
			y.activate(t, pending)
		}
		mustDo(t, second(y.Members.Find(t.Context(), y.Owner, y.ID)))
		y.mustBeWhole(t)
	})
}
