package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// Report is what came of a run.
type Report struct {
	Tenants  int // of the installation
	Behind   int // when the run began
	Brought  int // to the newest version, by this run or by another beside it
	Failures []Failure
}

// Failure is a tenant that stays behind.
type Failure struct {
	Tenant domain.TenantID
	Reason string
}

// Group is the tenants that failed for the same reason.
type Group struct {
	Reason  string // with tenant_{id} in place of the name of each tenant's schema
	Tenants []domain.TenantID
}

// String returns the group as a line.
func (g Group) String() string {
	names := make([]string, len(g.Tenants))
	for i, id := range g.Tenants {
		names[i] = id.String()
	}
	return fmt.Sprintf("%d failed: %s: %s", len(names), g.Reason, pg.FirstFew(names))
}

// Groups returns the failures by reason, the most frequent first.
func (r Report) Groups() []Group {
	var groups []Group
	for _, f := range r.Failures {
		reason := strings.ReplaceAll(f.Reason, pg.SchemaOf(f.Tenant), "tenant_{id}")
		i := slices.IndexFunc(groups, func(g Group) bool { return g.Reason == reason })
		if i < 0 {
			i, groups = len(groups), append(groups, Group{Reason: reason})
		}
		groups[i].Tenants = append(groups[i].Tenants, f.Tenant)
	}
	for _, g := range groups {
		slices.SortFunc(g.Tenants, func(a, b domain.TenantID) int { return strings.Compare(a.String(), b.String()) })
	}
	slices.SortStableFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Tenants), len(a.Tenants)), strings.Compare(a.Reason, b.Reason))
	})
	return groups
}
