package tenants_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestAVisitIsTheOperatorsAndHasAReason(t *testing.T) {
	acme, err := domain.ParseTenantID("acme")
	if err != nil {
		t.Fatal(err)
	}
	operator := (&tenants.Service{}).Installation()
	visit, err := operator.Visit(acme, " ticket 17 ")
	if err != nil || visit.Tenant() != acme || visit.Reason() != "ticket 17" {
		t.Errorf("got %v, %v", visit, err)
	}
	if _, err := (tenants.Operator{}).Visit(acme, "ticket 17"); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Operator: %v", err)
	}
	if _, err := operator.Visit(domain.TenantID{}, "ticket 17"); !errors.Is(err, domain.Invalid) {
		t.Errorf("the zero TenantID: %v", err)
	}
	for _, reason := range []string{"", " \t", "two\nlines", "a\x00b", "\xff", strings.Repeat("a", 201)} {
		if _, err := operator.Visit(acme, reason); !errors.Is(err, domain.Invalid) {
			t.Errorf("the reason %q: %v", reason, err)
		}
	}
}
