package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestErrorsMatchTheirKindAndCode(t *testing.T) {
	cause := errors.New("duplicate key")
	taken := &domain.Error{Kind: domain.Conflict, Code: domain.CodeTenantExists, Field: "tenantId", Message: "taken", Err: cause}
	err := fmt.Errorf("create: %w", taken)

	if !errors.Is(err, domain.Conflict) || !errors.Is(err, domain.CodeTenantExists) || !errors.Is(err, cause) {
		t.Errorf("%v isn't what it is", err)
	}
	if errors.Is(err, domain.NotFound) || errors.Is(err, domain.CodeUserExists) {
		t.Errorf("%v is what it isn't", err)
	}
	if domain.KindOf(err) != domain.Conflict || domain.CodeOf(err) != domain.CodeTenantExists {
		t.Errorf("%v has kind %v and code %v", err, domain.KindOf(err), domain.CodeOf(err))
	}
	if got, want := taken.Error(), "tenant_exists (tenantId): taken: duplicate key"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestAnUnclassifiedErrorIsInternal(t *testing.T) {
	err := errors.New("boom")
	if domain.KindOf(err) != domain.Internal || domain.CodeOf(err) != "internal" {
		t.Errorf("kind %v, code %v", domain.KindOf(err), domain.CodeOf(err))
	}
	limited := &domain.Error{Kind: domain.Limited}
	if got := domain.CodeOf(limited); got != "rate_limited" || !errors.Is(limited, domain.Code("rate_limited")) {
		t.Errorf("the code of an error without one is %q", got)
	}
	if got := domain.Kind(99).Error(); got != "internal" {
		t.Errorf("an unknown kind is %q", got)
	}
}

func TestANilErrorIsInternal(t *testing.T) {
	var none *domain.Error
	for what, err := range map[string]error{"itself": none, "wrapped": fmt.Errorf("a function: %w", none)} {
		if domain.KindOf(err) != domain.Internal || domain.CodeOf(err) != "internal" || !errors.Is(err, domain.Internal) || errors.Is(err, domain.NotFound) {
			t.Errorf("%s: %v is %v, %v", what, err, domain.KindOf(err), domain.CodeOf(err))
		}
		if text := err.Error(); !strings.Contains(text, "a nil *domain.Error") {
			t.Errorf("%s reads %q", what, text)
		}
	}
}
