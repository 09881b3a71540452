package ports_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestAnIdempotencyHasAValidKeyOrIsNone(t *testing.T) {
	request := ports.Idempotency{By: domain.OperatorActor(), Route: "r"}
	if none, err := request.Of("a"); none != nil || err != nil {
		t.Errorf("without a key: %+v, %v", none, err)
	}
	for _, key := range []string{"k", "~!", strings.Repeat("k", 255)} {
		request.Key = key
		if got, err := request.Of("a"); err != nil || got.Key != key || got.Route != "r" {
			t.Errorf("%q: %+v, %v", key, got, err)
		}
	}
	for _, key := range []string{" ", "a b", "a\n", "\x7f", "é", strings.Repeat("k", 256)} {
		request.Key = key
		got, err := request.Of("a")
		if got != nil {
			t.Errorf("%q: %+v", key, got)
		}
		mustBeInvalid(t, err, "idempotencyKey")
	}
}

func TestTheFingerprintIsThatOfTheMeaning(t *testing.T) {
	of := func(meaning string) ports.Idempotency {
		return *domain.Must(ports.Idempotency{Key: "k"}.Of(meaning))
	}
	first := of("a")
	if again := of("a"); again != first {
		t.Error("two requests of one meaning differ")
	}
	if other := of("b"); other == first {
		t.Error("requests of two meanings are equal")
	}
}
