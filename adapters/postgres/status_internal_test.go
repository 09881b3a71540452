package postgres

import (
	"regexp"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// TestTheRulesInSQLAreThoseInGo compares the statuses that a condition names with those
// that the rule of the domain accepts.
func TestTheRulesInSQLAreThoseInGo(t *testing.T) {
	t.Parallel()
	word := regexp.MustCompile(`'(\w+)'`)
	for condition, accepts := range map[string]func(domain.TenantStatus) bool{
		servesMembers:    domain.TenantStatus.ServesMembers,
		acceptsMembers:   domain.TenantStatus.AcceptsMembers,
		ownersSee:        domain.TenantStatus.VisibleToOwners,
		listsMembers:     domain.TenantStatus.ListsMembers,
		mayBePurged:      domain.TenantStatus.MayBePurged,
		schema.KeepsData: domain.TenantStatus.KeepsData,
	} {
		var named []domain.TenantStatus
		for _, match := range word.FindAllStringSubmatch(condition, -1) {
			named = append(named, domain.TenantStatus(match[1]))
		}
		want := slices.DeleteFunc(domain.TenantStatuses(), func(s domain.TenantStatus) bool { return !accepts(s) })
		if !slices.Equal(named, want) {
			t.Errorf("%s names %q, the domain accepts %q", condition, named, want)
		}
	}
}
