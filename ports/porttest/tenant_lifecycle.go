package porttest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// operator is the actor of the operator's changes.
var operator = domain.OperatorActor()

// TenantLifecycle runs the contract of [ports.TenantLifecycle].
func TenantLifecycle(t *testing.T, open func(t *testing.T) Tenancy) {
	readDetails(t, open)
	changeStatus(t, open)
	editTenants(t, open)
	limitTenants(t, open)
	refuseStewards(t, open)
	raceChanges(t, open)
}

// mustChange makes a change that must succeed.
func (x team) mustChange(t *testing.T, by domain.Actor, change domain.TenantChange) domain.TenantDetails {
	t.Helper()
	got, err := x.changeTenant(t, by, change)
	mustDo(t, err)
	return got
}

func (x team) changeTenant(t *testing.T, by domain.Actor, change domain.TenantChange) (domain.TenantDetails, error) {
	return x.Lifecycle.Change(t.Context(), ports.TenantChange{Tenant: x.ID, By: by, TenantChange: change})
}

// mustBeRecorded fails unless the store has the record.
func (x team) mustBeRecorded(t *testing.T, want domain.TenantDetails) {
	t.Helper()
	got, err := x.Lifecycle.Details(t.Context(), x.ID)
	mustDo(t, err)
	if got != want {
		t.Errorf("the store has %+v\nwant          %+v", got, want)
	}
}

func (x team) owner() domain.Actor { return domain.UserActor(x.Owner) }

var (
	suspend = domain.TenantChange{Action: domain.SuspendTenant, Reason: "Zoë's \"holidays\""}
	resume  = domain.TenantChange{Action: domain.ResumeTenant}
	remove  = domain.TenantChange{Action: domain.DeleteTenant, Grace: time.Hour}
	restore = domain.TenantChange{Action: domain.RestoreTenant}
)

func edit(name string) domain.TenantChange {
	return domain.TenantChange{Action: domain.EditTenant, Name: &name}
}

func readDetails(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a new tenant has a record without settings", func(t *testing.T) {
		x := openTeam(t, open)
		got, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		if got.Name != x.Name || got.Status != domain.Active || got.Revision == "" || got.Settings.String() != "{}" ||
			got.SuspendedBy != "" || got.SuspendedReason != "" || got.DeletedBy != "" || !got.PurgeAfter.IsZero() {
			t.Errorf("got %+v", got)
		}
		mustBeRecent(t, got.CreatedAt)
	})
	t.Run("a reservation has a record", func(t *testing.T) {
		s, r := open(t), reservation(t)
		want := reserve(t, s, r)
		got, err := s.Lifecycle.Details(t.Context(), r.ID)
		mustDo(t, err)
		mustBeSame(t, got.Tenant, want)
	})
	t.Run("an ID without a tenant has no record, and is not changed", func(t *testing.T) {
		s, r, id := open(t), reservation(t), newTenantID(t, "absent")
		_, err := s.Lifecycle.Details(t.Context(), id)
		mustBe(t, err, domain.CodeTenantNotFound)
		reserve(t, s, r)
		for _, id := range []domain.TenantID{id, r.ID} {
			_, err := s.Lifecycle.Change(t.Context(), ports.TenantChange{Tenant: id, By: operator, TenantChange: suspend})
			mustBe(t, err, domain.CodeTenantNotFound)
		}
	})
}

func changeStatus(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a suspended tenant serves no member until it is resumed", func(t *testing.T) {
		x := openTeam(t, open)
		got := x.mustChange(t, x.owner(), suspend)
		if got.Status != domain.Suspended || got.SuspendedBy != domain.ByOwner || got.SuspendedReason != suspend.Reason {
			t.Errorf("got %+v", got)
		}
		x.mustBeRecorded(t, got)
		x.mustServe(t, false)
		got = x.mustChange(t, operator, resume)
		if got.Status != domain.Active || got.SuspendedBy != "" || got.SuspendedReason != "" {
			t.Errorf("got %+v", got)
		}
		x.mustBeRecorded(t, got)
		x.mustServe(t, true)
	})
	t.Run("a deleted tenant serves no member until it is restored with its status", func(t *testing.T) {
		x := openTeam(t, open)
		suspended := x.mustChange(t, operator, suspend)
		got := x.mustChange(t, x.owner(), remove)
		if got.Status != domain.Deleted || got.DeletedBy != domain.ByOwner {
			t.Errorf("got %+v", got)
		}
		mustBeNear(t, got.PurgeAfter, time.Now().Add(remove.Grace))
		x.mustBeRecorded(t, got)
		x.mustServe(t, false)
		got = x.mustChange(t, x.owner(), restore)
		if suspended.Revision = got.Revision; got != suspended {
			t.Errorf("restored as %+v, want %+v", got, suspended)
		}
		x.mustChange(t, operator, resume)
		x.mustServe(t, true)
	})
	t.Run("a deleted tenant cannot be restored after its grace", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.DeleteTenant, Grace: soon})
		time.Sleep(past)
		_, err := x.changeTenant(t, x.owner(), restore)
		mustBe(t, err, domain.CodeTenantState)
	})
	t.Run("a change that was made before keeps the revision, and each other change replaces it", func(t *testing.T) {
		x := openTeam(t, open)
		seen := map[domain.Revision]bool{}
		for _, change := range []domain.TenantChange{suspend, resume, edit("Bolt"), remove, restore} {
			first := x.mustChange(t, operator, change)
			if seen[first.Revision] {
				t.Errorf("after %s the revision is %s again", change.Action, first.Revision)
			}
			seen[first.Revision] = true
			if again := x.mustChange(t, operator, change); again != first {
				t.Errorf("%s again: %+v, want %+v", change.Action, again, first)
			}
		}
	})
	t.Run("what the operator suspended or deleted, an owner does not undo", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustChange(t, operator, suspend)
		_, err := x.changeTenant(t, x.owner(), resume)
		mustBe(t, err, domain.CodeHeldByOperator)
		deleted := x.mustChange(t, operator, remove)
		_, err = x.changeTenant(t, x.owner(), restore)
		mustBe(t, err, domain.CodeHeldByOperator)
		x.mustBeRecorded(t, deleted)
	})
	t.Run("the ID of a deleted tenant is taken, and it counts for its owner", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustChange(t, x.owner(), remove)
		x.mustBeTaken(t)
		one := owned(t)
		one.Owner, one.Limits.MaxOwned = x.Owner, 1
		_, err := x.Tenants.Create(t.Context(), one)
		mustBe(t, err, domain.CodeTenantQuota)
	})
}

// createAgain creates another tenant with the ID of the team's.
func (x team) createAgain(t *testing.T) error {
	again := owned(t)
	again.ID = x.ID
	_, err := x.Tenants.Create(t.Context(), again)
	return err
}

// mustBeTaken fails unless the ID of the team's tenant can be neither created nor reserved.
func (x team) mustBeTaken(t *testing.T) {
	t.Helper()
	mustBe(t, x.createAgain(t), domain.CodeTenantExists)
	r := reservation(t)
	r.ID = x.ID
	_, err := x.Reservations.Reserve(t.Context(), r)
	mustBe(t, err, domain.CodeTenantExists)
}

// mustServe fails unless the tenant serves its members, or does not.
func (x team) mustServe(t *testing.T, served bool) {
	t.Helper()
	found, err := x.Members.Find(t.Context(), x.Owner, x.ID)
	mustDo(t, err)
	if found.Status.ServesMembers() != served {
		t.Errorf("the tenant is %s", found.Status)
	}
	active, err := x.Members.Memberships(t.Context(), x.Owner, 10)
	mustDo(t, err)
	if (len(active) == 1) != served {
		t.Errorf("the owner's tenants are %+v", active)
	}
	_, err = x.Tenants.Probe(t.Context(), x.ID)
	if served {
		mustDo(t, err)
	} else {
		mustBe(t, err, domain.CodeTenantNotFound)
	}
}

func editTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a name and settings are kept as they are", func(t *testing.T) {
		x := openTeam(t, open)
		settings, err := domain.ParseSettings([]byte(` {"Zoë": ["'; DROP TABLE tenants; --", 1e3, null], "\u0000": {}}`))
		mustDo(t, err)
		change := edit(`Zoë & Søn's "Bäckerei" 🥐`)
		change.Settings = &settings
		got := x.mustChange(t, x.owner(), change)
		if got.Name != *change.Name || got.Settings != settings {
			t.Errorf("got %+v", got)
		}
		x.mustBeRecorded(t, got)
		mustBeSame(t, soleTenant(t, x.Tenancy, x.Owner).Tenant, got.Tenant)
	})
	t.Run("a change on another revision is refused, and changes nothing", func(t *testing.T) {
		x := openTeam(t, open)
		first, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		change := edit("Bolt")
		change.If = first.Revision
		second := x.mustChange(t, x.owner(), change)
		change = edit("Core")
		change.If = first.Revision
		_, err = x.changeTenant(t, x.owner(), change)
		mustBe(t, err, domain.CodeTenantChanged)
		x.mustBeRecorded(t, second)
	})
}

func limitTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	limit := func(requests, connections int) domain.TenantChange {
		return domain.TenantChange{Action: domain.LimitTenant, Limits: domain.TenantLimitsEdit{MaxRequests: &requests, MaxConnections: &connections}}
	}
	t.Run("the limits of a tenant are kept, and found with its members", func(t *testing.T) {
		x := openTeam(t, open)
		for _, want := range []domain.TenantLimits{{MaxRequests: 1, MaxConnections: domain.MostOfLimit}, {MaxRequests: 7}, {MaxConnections: 3}, {}} {
			got := x.mustChange(t, operator, limit(want.MaxRequests, want.MaxConnections))
			x.mustBeRecorded(t, got)
			x.mustFindLimits(t, want)
			x.mustChange(t, x.owner(), suspend)
			x.mustChange(t, operator, resume)
			x.mustFindLimits(t, want)
		}
	})
	t.Run("an owner sets no limits", func(t *testing.T) {
		x := openTeam(t, open)
		want := x.mustChange(t, operator, limit(5, 0))
		_, err := x.changeTenant(t, x.owner(), limit(6, 0))
		mustBe(t, err, domain.Forbidden)
		x.mustBeRecorded(t, want)
	})
}

// mustFindLimits fails unless each look-up finds the limits.
func (x team) mustFindLimits(t *testing.T, want domain.TenantLimits) {
	t.Helper()
	details, err := x.Lifecycle.Details(t.Context(), x.ID)
	mustDo(t, err)
	if details.Limits != want {
		t.Errorf("the record has %+v, want %+v", details.Limits, want)
	}
	searched, err := x.Directory.Search(t.Context(), ports.TenantQuery{Owner: x.Owner}, domain.TenantID{}, 2)
	mustDo(t, err)
	if len(searched) != 1 || searched[0].Limits != want {
		t.Errorf("a search found %+v, want %+v", searched, want)
	}
	for _, members := range []ports.MemberStore{x.Members, x.WithSettings} {
		found, err := members.Find(t.Context(), x.Owner, x.ID)
		mustDo(t, err)
		listed, err := members.Memberships(t.Context(), x.Owner, 2)
		mustDo(t, err)
		if found.Limits != want || len(listed) != 1 || listed[0].Limits != want {
			t.Errorf("%T found %+v, and listed %+v, want %+v", members, found.Limits, listed, want)
		}
	}
}

func refuseStewards(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an actor who does not own the tenant changes nothing", func(t *testing.T) {
		x := openTeam(t, open)
		want, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		for _, role := range []domain.Role{domain.RoleAdmin, domain.RoleMember, domain.RoleViewer, ""} {
			_, err := x.changeTenant(t, domain.UserActor(x.join(t, role)), suspend)
			mustBe(t, err, domain.CodeTenantNotFound)
		}
		x.mustBeRecorded(t, want)
	})
	t.Run("an owner who was removed changes nothing", func(t *testing.T) {
		x := openTeam(t, open)
		second := x.join(t, domain.RoleOwner)
		x.mustChange(t, domain.UserActor(second), suspend)
		x.put(t, second, domain.RoleAdmin)
		_, err := x.changeTenant(t, domain.UserActor(second), resume)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("an owner whose membership is suspended or has expired changes nothing, and sees no tenant", func(t *testing.T) {
		x := openTeam(t, open)
		for _, condition := range []domain.MembershipChange{toState(domain.MemberSuspended), toExpiry(time.Now().Add(past / 2))} {
			second := x.join(t, domain.RoleOwner)
			mustDo(t, x.change(t, operator, second, condition))
			time.Sleep(past)
			_, err := x.changeTenant(t, domain.UserActor(second), suspend)
			mustBe(t, err, domain.CodeTenantNotFound)
			mustSee(t, x.Tenancy, second, 10)
		}
	})
}

func raceChanges(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("of many edits of one revision at once, one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		first, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		names := make([]string, racers)
		errs := race(func(i int) error {
			names[i] = "Name " + unique()
			change := edit(names[i])
			change.If = first.Revision
			_, err := x.changeTenant(t, x.owner(), change)
			return err
		})
		winner := mustWinOnce(t, errs, domain.CodeTenantChanged)
		got, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		if got.Name != names[winner] {
			t.Errorf("the name is %q, want %q", got.Name, names[winner])
		}
	})
	t.Run("each look-up after a suspension meets it, among requests at once", func(t *testing.T) {
		x := openTeam(t, open)
		errs := race(func(i int) error {
			if i == 0 {
				_, err := x.changeTenant(t, x.owner(), suspend)
				return err
			}
			_, err := x.Tenants.Probe(t.Context(), x.ID)
			return err
		})
		mustDo(t, errs[0])
		for _, err := range errs {
			if err != nil {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
		x.mustServe(t, false)
	})
	t.Run("of many creators of an ID that is being deleted none succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		errs := race(func(i int) error {
			if i == 0 {
				_, err := x.changeTenant(t, x.owner(), remove)
				return err
			}
			return x.createAgain(t)
		})
		mustDo(t, errs[0])
		for _, err := range errs[1:] {
			mustBe(t, err, domain.CodeTenantExists)
		}
	})
}
