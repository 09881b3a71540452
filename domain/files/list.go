package files

import (
	"context"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// File is a file that the store holds.
type File struct {
	Key         domain.ObjectKey
	Size        int64 // bytes
	ContentType string
	ModifiedAt  time.Time // UTC
}

// Page is a part of a list.
type Page struct {
	Files []File
	Next  domain.ObjectKey // pass it as after for the next page; zero: this is the last one
}

// List returns at most limit files of member's tenant whose names begin with prefix and
// come after after, in the order of their names by byte. The zero ObjectKey comes before
// all; after does not have to exist. A limit of 0 is [domain.DefaultPage]. A file that is deleted
// while List runs may be left out, so a page may be shorter than its limit.
//
// Errors: [domain.Forbidden]; [domain.Invalid] on field "prefix", on "limit" beyond
// [domain.MaxPage], or on "cursor" for an after of another tenant.
func (s *Service) List(ctx context.Context, member access.Member, prefix string, after domain.ObjectKey, limit int) (Page, error) {
	if err := member.Require(domain.ReadFiles); err != nil {
		return Page{}, err
	}
	selected, err := domain.NewObjectPrefix(member.Tenant(), prefix)
	if err != nil {
		return Page{}, err
	}
	if !after.IsZero() && after.Tenant() != member.Tenant() {
		return Page{}, domain.Invalidf("cursor", "a list of files goes on after a file of the same tenant")
	}
	if limit, err = domain.PageLimit(limit); err != nil {
		return Page{}, err
	}
	listed, err := s.Store.List(ctx, selected, after, limit+1) // one more shows whether there is another page
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(listed) > limit {
		listed = listed[:limit]
		page.Next = listed[limit-1].Key
	}
	page.Files, err = s.describe(ctx, listed)
	return page, err
}

// describers is how many files of a list are described at once.
const describers = 10

// describe returns the files with their types, which a store does not list. It leaves out
// those that have been deleted meanwhile.
func (s *Service) describe(ctx context.Context, listed []ports.ListedObject) ([]File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make([]File, len(listed))
	turns := make(chan struct{}, describers)
	var group sync.WaitGroup
	for i, object := range listed {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			info, err := s.Store.Stat(ctx, object.Key)
			switch {
			case err == nil:
				found[i] = File{object.Key, info.Size, info.ContentType, info.ModifiedAt}
			case domain.KindOf(err) != domain.NotFound:
				cancel(err) // the first error ends the others
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	files := make([]File, 0, len(found))
	for _, file := range found {
		if !file.Key.IsZero() {
			files = append(files, file)
		}
	}
	return files, nil
}
