package domain_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestTheUsualErrorOfACode(t *testing.T) {
	taken := domain.NewError(domain.CodeTenantExists)
	if !errors.Is(taken, domain.Conflict) || !errors.Is(taken, domain.CodeTenantExists) || taken.Field != "tenantId" || taken.Message == "" {
		t.Errorf("got %+v", taken)
	}
	taken.Message = "changed"
	if again := domain.NewError(domain.CodeTenantExists); again.Message == "changed" {
		t.Error("a change of one error changes the next")
	}
	if kind, field, fixed := domain.Refusal(domain.CodeLastOwner); kind != domain.Conflict || field != "role" || !fixed {
		t.Errorf("got %v on %q, %v", kind, field, fixed)
	}
	if _, _, fixed := domain.Refusal(domain.CodePasswordPolicy); fixed {
		t.Error("errors of password_policy are on several fields")
	}
	if unknown := domain.NewError("nonsense"); !errors.Is(unknown, domain.Internal) || domain.CodeOf(unknown) != "nonsense" {
		t.Errorf("got %+v", unknown)
	}
}
