package porttest

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// findTenantsOfObjects is the part of [ObjectStore] about the tenants of objects.
func findTenantsOfObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("each tenant with objects is found once, until they are purged", func(t *testing.T) {
		s, ids := open(t), []domain.TenantID{newTenantID(t, "files"), newTenantID(t, "files"), newTenantID(t, "files")}
		for _, id := range ids[1:] {
			for _, name := range []string{"a", "b/c"} {
				object{s, keyOf(t, id, name)}.put(t, "content of "+name)
			}
		}
		mustFindTenants(t, s, ids, 0, 1, 1)
		purgeAll(t, s, ids[1])
		mustFindTenants(t, s, ids, 0, 0, 1)
	})
	t.Run("the search for tenants ends with the caller's interest", func(t *testing.T) {
		s := open(t)
		for range 2 {
			object{s, keyOf(t, newTenantID(t, "files"), "a")}.put(t, "content")
		}
		found := 0
		for _, err := range s.Store.Tenants(t.Context()) {
			mustDo(t, err)
			found++
			break
		}
		if found != 1 {
			t.Errorf("it found %d", found)
		}
	})
	heedContext(t, func(ctx context.Context) error {
		s := open(t)
		object{s, keyOf(t, newTenantID(t, "files"), "a")}.put(t, "content")
		for _, err := range s.Store.Tenants(ctx) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// mustFindTenants fails unless the store finds each ID as often as said.
func mustFindTenants(t *testing.T, s ObjectStorage, ids []domain.TenantID, want ...int) {
	t.Helper()
	found := map[domain.TenantID]int{}
	for id, err := range s.Store.Tenants(t.Context()) {
		mustDo(t, err)
		found[id]++
	}
	for i, id := range ids {
		if found[id] != want[i] {
			t.Errorf("%s was found %d times, want %d", id, found[id], want[i])
		}
	}
}
