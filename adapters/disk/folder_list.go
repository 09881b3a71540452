package disk

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// list returns a page of objects, see [ports.ObjectStore]. The names of the files are
// hashes, so it reads the end of each file of the tenant. It holds at most twice the
// page in memory.
func (f *folder) list(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	if limit < 1 {
		return nil, nil
	}
	var page []ports.ListedObject
	for name, err := range f.files(ctx, prefix.Tenant()) {
		if err != nil {
			return nil, err
		}
		found, err := f.describe(name)
		if err != nil {
			return nil, err
		}
		if !prefix.Selects(found.Key) || found.Key.String() <= after.String() {
			continue
		}
		if page = append(page, found); len(page) == 2*limit {
			page = first(page, limit)
		}
	}
	return first(page, limit), nil
}

// first sorts page and returns its first objects, at most limit of them.
func first(page []ports.ListedObject, limit int) []ports.ListedObject {
	slices.SortFunc(page, func(a, b ports.ListedObject) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return page[:min(limit, len(page))]
}

// describe reads which object a file holds. It returns the zero ListedObject for a file
// that was removed meanwhile, or holds no object.
func (f *folder) describe(name string) (ports.ListedObject, error) {
	file, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ports.ListedObject{}, nil
	}
	if err != nil {
		return ports.ListedObject{}, err
	}
	defer file.Close()
	t, err := readTrailer(file)
	if errors.Is(err, errDamaged) {
		return ports.ListedObject{}, nil
	}
	if err != nil {
		return ports.ListedObject{}, err
	}
	key, err := domain.ParseObjectKey(t.Key)
	if err != nil || pathOf(key) != name {
		return ports.ListedObject{}, nil
	}
	return ports.ListedObject{Key: key, Size: t.Size, ModifiedAt: t.ModifiedAt}, nil
}

// files returns the paths of a tenant's files, damaged ones included.
func (f *folder) files(ctx context.Context, tenant domain.TenantID) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for folder, err := range f.children(tenant.String()) {
			if err != nil {
				yield("", err)
				return
			}
			for name, err := range f.children(folder) {
				if err == nil {
					err = ctx.Err()
				}
				if !yield(name, err) || err != nil {
					return
				}
			}
		}
	}
}

// children returns the paths of what is in a folder. An absent folder is empty.
func (f *folder) children(folder string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := fs.ReadDir(f.root.FS(), folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			yield("", err)
			return
		}
		for _, entry := range entries {
			if !yield(path.Join(folder, entry.Name()), nil) {
				return
			}
		}
	}
}
