package files

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// Delete removes one file of member's tenant. An upload URL for it that is still valid can
// put it again. A store that keeps versions keeps the file as an old version, until the
// tenant is purged or a rule of the store removes it.
//
// Errors: [domain.Forbidden]; [domain.Invalid] on field "filename";
// [domain.CodeFileNotFound] if there is no such file, any more or yet. Of two deletions of
// one file at once both may succeed.
func (s *Service) Delete(ctx context.Context, member access.Member, filename string) error {
	if err := member.Require(domain.WriteFiles); err != nil {
		return err
	}
	key, err := domain.NewObjectKey(member.Tenant(), filename)
	if err != nil {
		return err
	}
	if _, err := s.Store.Stat(ctx, key); domain.KindOf(err) == domain.NotFound {
		return domain.NewError(domain.CodeFileNotFound).WithCause(err)
	} else if err != nil {
		return err
	}
	return s.Store.Delete(ctx, key)
}
