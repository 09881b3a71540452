package disk

import (
	"context"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var _ ports.ObjectContents = (*Store)(nil)

// OpenContent implements [ports.ObjectContents].
func (s *Store) OpenContent(ctx context.Context, key domain.ObjectKey) (ports.ObjectContent, error) {
	return signedurl.OpenContent(ctx, s.folder, key)
}

// PutContent implements [ports.ObjectContents].
func (s *Store) PutContent(ctx context.Context, key domain.ObjectKey, content ports.ObjectContent) error {
	return signedurl.PutContent(ctx, s.folder, key, content)
}
