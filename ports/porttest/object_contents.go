package porttest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// contentsOfObjects runs the contract of [ports.ObjectContents].
func contentsOfObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("what was put is what is opened", func(t *testing.T) {
		o := object{open(t), newKey(t, "content.txt")}
		headers := map[string]string{"Cache-Control": "no-store", "Content-Language": "de"}
		for _, text := range []string{"", "first", strings.Repeat("0123456789abcdef", 17<<20/16)} { // larger than a part of S3's
			mustDo(t, o.Store.PutContent(t.Context(), o.key, contentOf(text, "text/plain", headers)))
			content, err := o.Store.OpenContent(t.Context(), o.key)
			mustDo(t, err)
			got, err := io.ReadAll(content.Body)
			mustDo(t, errors.Join(err, content.Body.Close()))
			if string(got) != text || content.Size != int64(len(text)) || content.ContentType != "text/plain" || content.Headers["Cache-Control"] != "no-store" || content.Headers["Content-Language"] != "de" {
				t.Errorf("of %d bytes %d came back, as %d, %q, %v", len(text), len(got), content.Size, content.ContentType, content.Headers)
			}
			if info, err := o.Store.Stat(t.Context(), o.key); err != nil || info.Size != int64(len(text)) {
				t.Errorf("Stat: %+v, %v", info, err)
			}
		}
	})
	t.Run("an upload by URL is opened, and a content is downloaded", func(t *testing.T) {
		o := object{open(t), newKey(t, "both.txt")}
		o.mustSend(t, o.signUpload(t, anyUpload), "uploaded", header("Content-Type", "text/csv"))
		content, err := o.Store.OpenContent(t.Context(), o.key)
		mustDo(t, err)
		got, err := io.ReadAll(content.Body)
		mustDo(t, errors.Join(err, content.Body.Close()))
		if string(got) != "uploaded" || content.ContentType != "text/csv" {
			t.Errorf("%q, %q", got, content.ContentType)
		}
		mustDo(t, o.Store.PutContent(t.Context(), o.key, contentOf("put", "text/plain", nil)))
		o.mustHold(t, "put")
	})
	t.Run("an absent key cannot be opened", func(t *testing.T) {
		o := object{open(t), newKey(t, "absent.txt")}
		if _, err := o.Store.OpenContent(t.Context(), o.key); domain.KindOf(err) != domain.NotFound {
			t.Errorf("%v", err)
		}
	})
	t.Run("a content that fails or has another size keeps nothing", func(t *testing.T) {
		o := object{open(t), newKey(t, "broken.txt")}
		broken := errors.New("the source broke off")
		for _, size := range []int64{100, 17 << 20} {
			content := ports.ObjectContent{Body: io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, size/2)), iotest.ErrReader(broken))), Size: size}
			if err := o.Store.PutContent(t.Context(), o.key, content); !errors.Is(err, broken) {
				t.Errorf("a content that fails: %v", err)
			}
			for _, length := range []int64{size - 1, size + 1} {
				content := ports.ObjectContent{Body: io.NopCloser(bytes.NewReader(make([]byte, length))), Size: size}
				if err := o.Store.PutContent(t.Context(), o.key, content); domain.KindOf(err) != domain.Invalid {
					t.Errorf("%d bytes in place of %d: %v", length, size, err)
				}
			}
			if _, err := o.Store.OpenContent(t.Context(), o.key); domain.KindOf(err) != domain.NotFound {
				t.Errorf("something was kept: %v", err)
			}
		}
	})
}

// contentOf returns a content.
func contentOf(text, contentType string, headers map[string]string) ports.ObjectContent {
	return ports.ObjectContent{Body: io.NopCloser(strings.NewReader(text)), Size: int64(len(text)), ContentType: contentType, Headers: headers}
}
