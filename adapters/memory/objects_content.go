package memory

import (
	"context"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var _ ports.ObjectContents = (*Objects)(nil)

// OpenContent implements [ports.ObjectContents].
func (o *Objects) OpenContent(ctx context.Context, key domain.ObjectKey) (ports.ObjectContent, error) {
	return signedurl.OpenContent(ctx, bucket{o}, key)
}

// PutContent implements [ports.ObjectContents].
func (o *Objects) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	return signedurl.PutContent(ctx, bucket{o}, key, content)
}
