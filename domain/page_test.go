package domain_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestAPageHasALimit(t *testing.T) {
	for limit, want := range map[int]int{0: domain.DefaultPage, 1: 1, domain.MaxPage: domain.MaxPage} {
		if got, err := domain.PageLimit(limit); got != want || err != nil {
			t.Errorf("PageLimit(%d) = %d, %v", limit, got, err)
		}
	}
	for _, limit := range []int{-1, domain.MaxPage + 1} {
		_, err := domain.PageLimit(limit)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "limit" {
			t.Errorf("PageLimit(%d): %v", limit, err)
		}
	}
}
