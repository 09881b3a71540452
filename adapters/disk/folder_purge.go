package disk

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// holds reports whether the tenant has a file, damaged ones included.
func (f *folder) holds(ctx context.Context, tenant domain.TenantID) (bool, error) {
	next, stop := iter.Pull2(f.files(ctx, tenant))
	defer stop()
	_, err, found := next()
	return found && err == nil, err
}

// purge removes at most limit files and unfinished uploads of the tenant, and the
// folders that are empty then.
func (f *folder) purge(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error) {
	for folder, err := range f.children(tenant.String()) {
		if err != nil {
			return removed, err
		}
		n, err := f.empty(ctx, folder, limit-removed)
		if removed += n; err != nil {
			return removed, err
		}
		if removed == limit {
			return removed, nil
		}
	}
	_ = f.root.Remove(tenant.String()) // it fails if the folder is not empty
	n, err := f.abort(ctx, tenant, limit-removed)
	return removed + n, err
}

// empty removes at most limit files of a folder, and the folder if it is empty then.
func (f *folder) empty(ctx context.Context, folder string, limit int) (removed int, err error) {
	err = f.locked(folder, func() error {
		for name, err := range f.children(folder) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || removed == limit {
				return err
			}
			if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			removed++
		}
		_ = f.root.Remove(folder) // it fails if an upload has put a file into it
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) { // another purge removed the folder
		return removed, nil
	}
	return removed, err
}

// abort removes at most limit unfinished uploads of the tenant. An upload that is in
// progress fails at its end.
func (f *folder) abort(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error) {
	for name, err := range f.children(tempFolder) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || removed == limit {
			return removed, err
		}
		if !strings.HasPrefix(path.Base(name), tempPrefix(tenant)) {
			continue
		}
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
