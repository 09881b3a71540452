package domain_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestFileSize(t *testing.T) {
	for _, n := range []int64{0, 5, 5 << 30} {
		size, err := domain.NewFileSize(n)
		if got, given := size.Bytes(); err != nil || got != n || !given || size.IsOpen() {
			t.Errorf("%d: got %d, %t, %v", n, got, given, err)
		}
	}
	if _, given := (domain.FileSize{}).Bytes(); given || !(domain.FileSize{}).IsOpen() {
		t.Error("the zero FileSize has a size")
	}
	for _, n := range []int64{-1, -5} {
		size, err := domain.NewFileSize(n)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "size" || !size.IsOpen() {
			t.Errorf("%d: got %v, %v", n, size, err)
		}
	}
}
