package archive

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
)

func FuzzReader(f *testing.F) {
	whole := small(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	names, texts := parts(f)
	var plain bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&plain, "%s\n%s\n", name, texts[name].text)
	}
	f.Add(plain.Bytes())
	f.Add(bomb(f, manifestEntry, 1<<20))
	f.Fuzz(func(t *testing.T, file []byte) {
		objects := &memory.Objects{MaxBytes: 1 << 20}
		err := readOn(t, bytes.NewReader(file), objects)
		var ours *domain.Error
		if err != nil && (!errors.As(err, &ours) || strings.Contains(ours.Message, "\n")) {
			t.Fatalf("%v", err)
		}
		// The same text, compressed by us, reaches the tar.
		err = readOn(t, bytes.NewReader(domain.Must(zstd.NewWriter(nil)).EncodeAll(file, nil)), objects)
		if err != nil && !errors.As(err, &ours) {
			t.Fatalf("%v", err)
		}
	})
}
