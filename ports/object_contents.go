package ports

import (
	"context"
	"io"

	"github.com/partywall-go/partywall/domain"
)

// ObjectContents moves the bytes of files through the program itself, which exports and
// imports them. Callers of the API move them by an [ObjectSigner].
type ObjectContents interface {
	// OpenContent returns the object under key as it is now, and stays at it whatever happens to
	// key. The caller closes it. An absent key is [domain.NotFound].
	OpenContent(ctx context.Context, key domain.ObjectKey) (ObjectContent, error)

	// PutContent keeps an object under key, in place of an earlier one, completely or not at
	// all. It reads Body to its end, which comes after Size bytes. An error of Body comes
	// back as it is, as does any other number of bytes ([domain.Invalid]).
	PutContent(ctx context.Context, key domain.ObjectKey, content ObjectContent) error
}

// ObjectContent is an object with its bytes.
type ObjectContent struct {
	Body        io.ReadCloser
	Size        int64 // bytes
	ContentType string
	Headers     map[string]string // that are served with it, such as Cache-Control, by their canonical names
}

// ErrContentSize is the error of a Body that does not have Size bytes.
var ErrContentSize = domain.Invalidf("size", "the content does not have the size that was said")
