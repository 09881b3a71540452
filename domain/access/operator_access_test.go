package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

func TestOnlyTheOperatorEntersATenantAndGivesAReason(t *testing.T) {
	acme, err := domain.ParseTenantID("acme")
	if err != nil {
		t.Fatal(err)
	}
	operator := access.Installation()
	entry, err := operator.Enter(acme, " ticket 17 ")
	if err != nil || entry.Tenant() != acme || entry.Reason() != "ticket 17" {
		t.Errorf("got %v, %v", entry, err)
	}
	if _, err := (access.Operator{}).Enter(acme, "ticket 17"); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Operator: %v", err)
	}
	if _, err := operator.Enter(domain.TenantID{}, "ticket 17"); !errors.Is(err, domain.Invalid) {
		t.Errorf("the zero TenantID: %v", err)
	}
	for _, reason := range []string{"", " \t", "two\nlines", "a\x00b", "\xff", strings.Repeat("a", 201)} {
		if _, err := operator.Enter(acme, reason); !errors.Is(err, domain.Invalid) {
			t.Errorf("the reason %q: %v", reason, err)
		}
	}
}
