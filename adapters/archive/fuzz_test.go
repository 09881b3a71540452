package archive

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
)

// FuzzReader reads compressed archives.
func FuzzReader(f *testing.F) {
	whole := small(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, file []byte) {
		mustBeOurs(t, readOn(t, bytes.NewReader(file), &memory.Objects{MaxBytes: 1 << 20}))
	})
}

// FuzzEntries reads what a compressed archive has in it.
func FuzzEntries(f *testing.F) {
	z := domain.Must(zstd.NewReader(bytes.NewReader(small(f))))
	defer z.Close()
	whole := domain.Must(io.ReadAll(z))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, file []byte) {
		r := &reader{source: &source{}}
		err := r.open(bytes.NewReader(file), func() {})
		if err == nil {
			err = importFrom(t, r, &memory.Objects{MaxBytes: 1 << 20})
		}
		mustBeOurs(t, err)
	})
}

// mustBeOurs fails unless the error is nil or one line of the domain.
func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var ours *domain.Error
	if err != nil && (!errors.As(err, &ours) || strings.Contains(ours.Message, "\n")) {
		t.Fatalf("%v", err)
	}
}
