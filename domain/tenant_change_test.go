package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// tenantIn returns a tenant's record in the state that the name describes.
func tenantIn(state string) domain.TenantDetails {
	t := domain.TenantDetails{Tenant: domain.Tenant{Name: "Acme", Status: domain.TenantStatus(state)}, Revision: "1"}
	switch state {
	case "suspended by owner":
		t.Status, t.SuspendedBy, t.SuspendedReason = domain.Suspended, domain.ByOwner, "holidays"
	case "suspended by operator":
		t.Status, t.SuspendedBy, t.SuspendedReason = domain.Suspended, domain.ByOperator, "unpaid"
	case "deleted by owner":
		t.Status, t.DeletedBy, t.DeletedAt, t.PurgeAfter = domain.Deleted, domain.ByOwner, noon, noon.Add(time.Hour)
	case "deleted by operator":
		t.Status, t.DeletedBy, t.DeletedAt, t.PurgeAfter = domain.Deleted, domain.ByOperator, noon, noon.Add(time.Hour)
	case "deleted while suspended":
		t = tenantIn("suspended by operator")
		t.Status, t.DeletedBy, t.DeletedAt, t.PurgeAfter = domain.Deleted, domain.ByOwner, noon, noon.Add(time.Hour)
	case "deleted too long ago":
		t.Status, t.DeletedBy, t.DeletedAt, t.PurgeAfter = domain.Deleted, domain.ByOperator, noon.Add(-time.Hour), noon
	}
	return t
}

func TestEachStatusLeadsWhereItShould(t *testing.T) {
	const same, state, held, denied = "", domain.CodeTenantState, domain.CodeHeldByOperator, domain.Forbidden
	rows := []struct {
		from    string
		action  domain.TenantAction
		owner   any // the status after the owner's change, same, or a code
		operate any // likewise for the operator
	}{
		{"active", domain.SuspendTenant, domain.Suspended, domain.Suspended},
		{"active", domain.ResumeTenant, same, same},
		{"active", domain.DeleteTenant, domain.Deleted, domain.Deleted},
		{"active", domain.RestoreTenant, same, same},
		{"suspended by owner", domain.SuspendTenant, same, domain.Suspended},
		{"suspended by owner", domain.ResumeTenant, domain.Active, domain.Active},
		{"suspended by owner", domain.DeleteTenant, domain.Deleted, domain.Deleted},
		{"suspended by owner", domain.RestoreTenant, same, same},
		{"suspended by operator", domain.SuspendTenant, same, same},
		{"suspended by operator", domain.ResumeTenant, held, domain.Active},
		{"suspended by operator", domain.DeleteTenant, domain.Deleted, domain.Deleted},
		{"deleted by owner", domain.SuspendTenant, state, state},
		{"deleted by owner", domain.ResumeTenant, state, state},
		{"deleted by owner", domain.DeleteTenant, same, domain.Deleted},
		{"deleted by owner", domain.RestoreTenant, domain.Active, domain.Active},
		{"deleted by operator", domain.DeleteTenant, same, same},
		{"deleted by operator", domain.RestoreTenant, held, domain.Active},
		{"deleted while suspended", domain.RestoreTenant, domain.Suspended, domain.Suspended},
		{"deleted too long ago", domain.RestoreTenant, held, state},
		{"deleted by owner", domain.EditTenant, state, state},
		{"active", domain.PurgeTenant, denied, state},
		{"suspended by owner", domain.PurgeTenant, denied, state},
		{"deleted by owner", domain.PurgeTenant, denied, domain.Purging},
		{"deleted by operator", domain.PurgeTenant, denied, domain.Purging},
		{"deleted too long ago", domain.PurgeTenant, denied, domain.Purging},
		{"purging", domain.PurgeTenant, denied, same},
		{"gone", domain.PurgeTenant, denied, state},
		{"frozen", domain.PurgeTenant, denied, state},
		{"active", domain.LimitTenant, denied, same},
		{"suspended by owner", domain.LimitTenant, denied, same},
		{"deleted by owner", domain.LimitTenant, denied, state},
		{"unclaimed", domain.LimitTenant, denied, state},
		{"purging", domain.LimitTenant, denied, state},
		{"gone", domain.LimitTenant, denied, state},
		{"frozen", domain.LimitTenant, denied, state},
	}
	for _, status := range []string{"unclaimed", "purging", "gone", "frozen"} {
		for _, action := range []domain.TenantAction{domain.SuspendTenant, domain.ResumeTenant, domain.DeleteTenant, domain.RestoreTenant, domain.EditTenant} {
			rows = append(rows, struct {
				from    string
				action  domain.TenantAction
				owner   any
				operate any
			}{status, action, state, state})
		}
	}
	for _, row := range rows {
		for by, want := range map[domain.Party]any{domain.ByOwner: row.owner, domain.ByOperator: row.operate} {
			t.Run(string(by)+" "+string(row.action)+" "+row.from, func(t *testing.T) {
				before := tenantIn(row.from)
				got, changed, err := domain.TenantChange{Action: row.action, Reason: "new", Grace: time.Minute}.Apply(before, by, noon)
				if reason, refused := want.(error); refused {
					if !errors.Is(err, reason) || changed || got != before {
						t.Fatalf("got %+v, %v, %v, want %v", got, changed, err, reason)
					}
					return
				}
				if err != nil || changed != (want != same) || !changed && got != before || changed && got.Status != want {
					t.Fatalf("got %+v, %v, %v, want %v", got, changed, err, want)
				}
			})
		}
	}
}

func TestAChangeRecordsItsPartyAndReason(t *testing.T) {
	got, _, err := domain.TenantChange{Action: domain.SuspendTenant, Reason: "unpaid"}.Apply(tenantIn("suspended by owner"), domain.ByOperator, noon)
	if err != nil || got != tenantIn("suspended by operator") {
		t.Errorf("the operator's suspension of a suspended tenant: %+v, %v", got, err)
	}
	got, _, err = domain.TenantChange{Action: domain.ResumeTenant}.Apply(got, domain.ByOperator, noon)
	if err != nil || got != tenantIn("active") {
		t.Errorf("the resumed tenant: %+v, %v", got, err)
	}
	got, _, err = domain.TenantChange{Action: domain.DeleteTenant, Grace: time.Hour}.Apply(got, domain.ByOwner, noon)
	if err != nil || got != tenantIn("deleted by owner") {
		t.Errorf("the deleted tenant: %+v, %v", got, err)
	}
	precise, _, err := domain.TenantChange{Action: domain.DeleteTenant, Grace: time.Hour}.Apply(tenantIn("active"), domain.ByOwner, noon.Add(time.Nanosecond))
	if err != nil || precise != got {
		t.Errorf("deleted between two microseconds: %+v, %v", precise, err)
	}
	got, _, err = domain.TenantChange{Action: domain.DeleteTenant, Grace: 2 * time.Hour}.Apply(got, domain.ByOperator, noon)
	if err != nil || got != tenantIn("deleted by operator") {
		t.Errorf("the operator's deletion of a deleted tenant: %+v, %v", got, err)
	}
}

func TestAnEditReplacesWhatItNames(t *testing.T) {
	name, settings := "Bolt", domain.Must(domain.ParseSettings([]byte(`{"theme":"dark"}`)))
	got, changed, err := domain.TenantChange{Action: domain.EditTenant, Name: &name}.Apply(tenantIn("active"), domain.ByOwner, noon)
	if err != nil || !changed || got.Name != "Bolt" || got.Settings != (domain.Settings{}) {
		t.Errorf("a new name: %+v, %v, %v", got, changed, err)
	}
	got, changed, err = domain.TenantChange{Action: domain.EditTenant, Settings: &settings, If: "1"}.Apply(got, domain.ByOwner, noon)
	if err != nil || !changed || got.Name != "Bolt" || got.Settings != settings {
		t.Errorf("new settings: %+v, %v, %v", got, changed, err)
	}
	if _, changed, err = (domain.TenantChange{Action: domain.EditTenant, Name: &name, Settings: &settings}).Apply(got, domain.ByOwner, noon); changed || err != nil {
		t.Errorf("the same edit again: changed %v, %v", changed, err)
	}
	if _, changed, err = (domain.TenantChange{Action: domain.EditTenant, Name: &name, If: "0"}).Apply(got, domain.ByOwner, noon); changed || !errors.Is(err, domain.CodeTenantChanged) {
		t.Errorf("on another revision: changed %v, %v", changed, err)
	}
}

func TestNewRevisionNeverRepeats(t *testing.T) {
	seen := map[domain.Revision]bool{"": true}
	for _, createdAt := range []time.Time{noon, noon.Add(time.Microsecond)} {
		for changes := range int64(20) {
			revision := domain.NewRevision(createdAt, changes)
			if seen[revision] {
				t.Errorf("%s comes twice", revision)
			}
			seen[revision] = true
		}
	}
}

func TestAPurgeEndsTheTimeInWhichATenantCanBeRestored(t *testing.T) {
	for at, want := range map[time.Time]time.Time{noon: noon, noon.Add(2 * time.Hour): noon.Add(time.Hour)} {
		got, _, err := domain.TenantChange{Action: domain.PurgeTenant}.Apply(tenantIn("deleted by owner"), domain.ByOperator, at)
		if err != nil || !got.PurgeAfter.Equal(want) || !got.DeletedAt.Equal(noon) {
			t.Errorf("purged at %s: %+v, %v", at, got, err)
		}
	}
}

func TestLimitsAreReplacedOneByOne(t *testing.T) {
	limits := func(t domain.TenantDetails, edit domain.TenantLimitsEdit) (domain.TenantDetails, bool, error) {
		return domain.TenantChange{Action: domain.LimitTenant, Limits: edit}.Apply(t, domain.ByOperator, noon)
	}
	five, none, tooMany, negative := 5, 0, domain.MostOfLimit+1, -1
	got, changed, err := limits(tenantIn("active"), domain.TenantLimitsEdit{MaxRequests: &five})
	if want := (domain.TenantLimits{MaxRequests: 5}); err != nil || !changed || got.Limits != want {
		t.Errorf("a limit of requests: %+v, %v, %v", got.Limits, changed, err)
	}
	got, changed, err = limits(got, domain.TenantLimitsEdit{MaxConnections: &five})
	if want := (domain.TenantLimits{MaxRequests: 5, MaxConnections: 5}); err != nil || !changed || got.Limits != want {
		t.Errorf("a limit of connections: %+v, %v, %v", got.Limits, changed, err)
	}
	if _, changed, err = limits(got, domain.TenantLimitsEdit{MaxRequests: &five, MaxConnections: &five}); changed || err != nil {
		t.Errorf("the same limits again: changed %v, %v", changed, err)
	}
	back, changed, err := limits(got, domain.TenantLimitsEdit{MaxRequests: &none})
	if want := (domain.TenantLimits{MaxConnections: 5}); err != nil || !changed || back.Limits != want {
		t.Errorf("the default of requests: %+v, %v, %v", back.Limits, changed, err)
	}
	for field, edit := range map[string]domain.TenantLimitsEdit{
		"maxRequests":    {MaxRequests: &negative, MaxConnections: &five},
		"maxConnections": {MaxRequests: &five, MaxConnections: &tooMany},
	} {
		kept, changed, err := limits(got, edit)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field || changed || kept != got {
			t.Errorf("a wrong %s: %+v, %v, %v", field, kept.Limits, changed, err)
		}
	}
}
