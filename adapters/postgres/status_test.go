package postgres_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// TestTheDatabaseAcceptsEachStatus compares the statuses that the table of tenants accepts
// with those of the domain. A tenant that is gone has no row.
func TestTheDatabaseAcceptsEachStatus(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	check := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tenants_status_check'`)
	var accepted []domain.TenantStatus
	for _, match := range regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(check, -1) {
		accepted = append(accepted, domain.TenantStatus(match[1]))
	}
	want := slices.DeleteFunc(domain.TenantStatuses(), func(s domain.TenantStatus) bool { return s == domain.Gone })
	if !slices.Equal(accepted, want) {
		t.Errorf("the table accepts %q, the domain has %q", accepted, want)
	}
}
