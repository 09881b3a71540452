package porttest_test

import (
	"bytes"
	"context"
	"io"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

// bare keeps no headers of a content.
type bare struct{ porttest.Objects }

func (s bare) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	content.Headers = nil
	return s.Objects.PutContent(ctx, key, content)
}

// premature keeps what it got of a content that breaks off.
type premature struct{ porttest.Objects }

func (s premature) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	got, err := io.ReadAll(content.Body)
	kept := content
	kept.Body, kept.Size = io.NopCloser(bytes.NewReader(got)), int64(len(got))
	if putErr := s.Objects.PutContent(ctx, key, kept); putErr != nil {
		return putErr
	}
	return err
}

// imaginary opens an absent key as an empty content.
type imaginary struct{ porttest.Objects }

func (s imaginary) OpenContent(ctx context.Context, key domain.ObjectKey) (ports.ObjectContent, error) {
	content, err := s.Objects.OpenContent(ctx, key)
	if domain.KindOf(err) == domain.NotFound {
		return ports.ObjectContent{Body: io.NopCloser(bytes.NewReader(nil))}, nil
	}
	return content, err
}
