package domain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestACallerReadsNothingWrittenForTheOperator(t *testing.T) {
	const secret = "a row of the database"
	for _, kind := range []domain.Kind{domain.Internal, 99, -1} {
		e := &domain.Error{Kind: kind, Code: secret, Field: secret, Message: secret, Details: map[string]string{secret: secret}, Err: errors.New(secret)}
		want := domain.Public{Kind: domain.Internal, Code: "internal", Message: (&domain.Error{}).Public().Message}
		got := e.Public()
		if got.Details != nil || got.Kind != want.Kind || got.Code != want.Code || got.Field != want.Field || got.Message != want.Message {
			t.Errorf("of kind %d a caller reads %+v", kind, got)
		}
		if !strings.Contains(e.Error(), secret) {
			t.Errorf("the operator reads %q", e)
		}
	}
}

func TestACallerReadsTheMessageOfAnError(t *testing.T) {
	for kind := domain.Invalid; kind <= domain.Unavailable; kind++ {
		e := &domain.Error{Kind: kind, Code: "taken", Field: "name", Message: "choose another", Details: map[string]string{"a": "b"}, Err: errors.New("secret")}
		got := e.Public()
		if got.Kind != kind || got.Code != "taken" || got.Field != "name" || got.Message != "choose another" || got.Details["a"] != "b" {
			t.Errorf("of %v a caller reads %+v", kind, got)
		}
		if bare := (&domain.Error{Kind: kind}).Public(); bare.Message == "" || bare.Code != domain.Code(kind.Error()) {
			t.Errorf("of a bare %v a caller reads %+v", kind, bare)
		}
	}
}
