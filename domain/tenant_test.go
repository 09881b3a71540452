package domain_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestParseTenantName(t *testing.T) {
	accepted := map[string]string{"": "", "  Acme  ": "Acme", "Cafe\u0301": "Café", strings.Repeat("é", 200): strings.Repeat("é", 200)}
	for s, want := range accepted {
		if got, err := domain.ParseTenantName(s); err != nil || got != want {
			t.Errorf("ParseTenantName(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"a\nb", "\x00", "\xff", strings.Repeat("é", 201)} {
		if _, err := domain.ParseTenantName(s); domain.KindOf(err) != domain.Invalid {
			t.Errorf("ParseTenantName(%q) = %v", s, err)
		}
	}
}

func TestNewIdentity(t *testing.T) {
	identity, err := domain.NewIdentity("local", "8f14e45f")
	if err != nil || identity.Provider() != "local" || identity.Subject() != "8f14e45f" || identity.String() != "local/8f14e45f" {
		t.Errorf("NewIdentity = %v, %v", identity, err)
	}
	for _, pair := range [][2]string{{"", "a"}, {"a", ""}, {"a", "b\n"}, {"a\x00", "b"}, {"a", "\xff"}, {"a", strings.Repeat("b", 129)}} {
		if identity, err := domain.NewIdentity(pair[0], pair[1]); domain.KindOf(err) != domain.Invalid || !identity.IsZero() {
			t.Errorf("NewIdentity(%q) = %v, %v", pair, identity, err)
		}
	}
}

func TestAStatusThatIsNotListedAllowsNothing(t *testing.T) {
	type rules struct{ serves, accepts, visible, lists, keeps, purged bool }
	wanted := map[domain.TenantStatus]rules{
		domain.Unclaimed: {keeps: true},
		domain.Active:    {serves: true, accepts: true, visible: true, lists: true, keeps: true},
		domain.Suspended: {accepts: true, visible: true, lists: true, keeps: true},
		domain.Deleted:   {visible: true, lists: true, keeps: true, purged: true},
		domain.Purging:   {lists: true, purged: true},
		domain.Gone:      {},
		"":               {},
		"frozen":         {},
	}
	for _, status := range domain.TenantStatuses() {
		if _, found := wanted[status]; !found {
			t.Errorf("this test lacks the status %q", status)
		}
	}
	for status, want := range wanted {
		got := rules{status.ServesMembers(), status.AcceptsMembers(), status.VisibleToOwners(), status.ListsMembers(), status.KeepsData(), status.MayBePurged()}
		if got != want {
			t.Errorf("the status %q allows %+v, want %+v", status, got, want)
		}
	}
}
