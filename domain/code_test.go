package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestNewErrorFollowsTheDefinition(t *testing.T) {
	taken := domain.NewError(domain.CodeTenantExists)
	if !errors.Is(taken, domain.Conflict) || !errors.Is(taken, domain.CodeTenantExists) || taken.Field != "tenantId" || taken.Message == "" {
		t.Errorf("got %+v", taken)
	}
	if unknown := domain.NewError("nonsense"); !errors.Is(unknown, domain.Internal) || domain.CodeOf(unknown) != "nonsense" {
		t.Errorf("got %+v", unknown)
	}
	if _, defined := domain.Code("nonsense").Definition(); defined {
		t.Error("a code that is not in the table has a definition")
	}
}

func TestEveryCodeIsDefinedCompletely(t *testing.T) {
	codes := domain.Codes()
	if len(codes) < 25 {
		t.Fatalf("only %d codes", len(codes))
	}
	for _, code := range codes {
		d, _ := code.Definition()
		if d.Kind == domain.Internal || d.Message == "" || d.FieldVaries && d.Field != "" {
			t.Errorf("%s is defined as %+v", code, d)
		}
		if (d.Kind == domain.Unavailable || d.Kind == domain.Limited) != (d.RetryAfter > 0) {
			t.Errorf("%s is %v, and asks to wait %v", code, d.Kind, d.RetryAfter)
		}
	}
}

func TestAnErrorIsChangedInACopy(t *testing.T) {
	cause, first := errors.New("cause"), domain.NewError(domain.CodePasswordPolicy)
	second := first.WithField("newPassword").WithMessage("use %d characters", 12).WithRetryAfter(time.Minute).WithCause(cause).WithCode("other")
	if again := domain.NewError(domain.CodePasswordPolicy); first.Error() != again.Error() || first.RetryAfter != 0 || first.Err != nil {
		t.Errorf("the first became %+v", first)
	}
	want := domain.Error{Kind: domain.Unprocessable, Code: "other", Field: "newPassword", Message: "use 12 characters", RetryAfter: time.Minute, Err: cause}
	if second.Error() != want.Error() || second.RetryAfter != want.RetryAfter || !errors.Is(second, cause) {
		t.Errorf("got %+v", second)
	}
}
