package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// List implements [ports.ObjectStore].
func (o *Objects) List(ctx context.Context, prefix domain.ObjectPrefix, after domain.ObjectKey, limit int) ([]ports.ListedObject, error) {
	if err := o.Ready(ctx); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var page []ports.ListedObject
	for key, found := range o.objects {
		if prefix.Selects(key) && key.String() > after.String() {
			page = append(page, ports.ListedObject{Key: key, Size: found.Size, ModifiedAt: found.ModifiedAt})
		}
	}
	slices.SortFunc(page, func(a, b ports.ListedObject) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return page[:min(max(limit, 0), len(page))], nil
}

// HasObjects implements [ports.ObjectPurger].
func (o *Objects) HasObjects(ctx context.Context, tenant domain.TenantID) (bool, error) {
	if err := o.Ready(ctx); err != nil {
		return false, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range o.objects {
		if key.Tenant() == tenant {
			return true, nil
		}
	}
	return false, nil
}

// Purge implements [ports.ObjectPurger].
func (o *Objects) Purge(ctx context.Context, tenant domain.TenantID, limit int) (removed int, err error) {
	if err := o.Ready(ctx); err != nil {
		return 0, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, found := range o.objects {
		if key.Tenant() == tenant && removed < limit {
			o.held -= found.Size
			delete(o.objects, key)
			removed++
		}
	}
	return removed, nil
}
