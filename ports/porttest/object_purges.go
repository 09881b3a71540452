package porttest

import (
	"fmt"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// purgeObjects is the part of [ObjectStore] about purges.
func purgeObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("a tenant without objects has none, and nothing to purge", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		mustHaveObjects(t, s, tenant, false)
		if removed := purge(t, s, tenant, 10); removed != 0 {
			t.Errorf("it removed %d", removed)
		}
	})
	t.Run("a purge removes all of a tenant's objects, step by step, and no other tenant's", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		neighbours := []object{{s, keyOf(t, idOf(t, tenant.String()+"x"), "0")}, {s, keyOf(t, idOf(t, "x"+tenant.String()), "0")}}
		for _, theirs := range neighbours {
			theirs.put(t, "theirs")
		}
		const files, limit = 12, 5
		for i := range files {
			o := object{s, keyOf(t, tenant, fmt.Sprint(i, "/", i))}
			o.put(t, "first")
			o.put(t, "second")
		}
		removed := 0
		for {
			found, err := s.Store.HasObjects(t.Context(), tenant)
			mustDo(t, err)
			n := purge(t, s, tenant, limit)
			if n > limit || found != (n > 0) {
				t.Fatalf("it removed %d of at most %d, and HasObjects was %v", n, limit, found)
			}
			if n == 0 {
				break
			}
			removed += n
		}
		if removed < files {
			t.Errorf("it removed %d of %d", removed, files)
		}
		mustHaveObjects(t, s, tenant, false)
		mustList(t, list(t, s, tenant, ""))
		for i := range files {
			object{s, keyOf(t, tenant, fmt.Sprint(i, "/", i))}.mustBeAbsent(t)
		}
		for _, theirs := range neighbours {
			theirs.mustHold(t, "theirs")
			mustHaveObjects(t, s, theirs.key.Tenant(), true)
		}
	})
	t.Run("a purge removes names that are hard to spell", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		for _, name := range hostileNames {
			object{s, keyOf(t, tenant, name)}.put(t, "this is "+name)
		}
		purgeAll(t, s, tenant)
		mustList(t, list(t, s, tenant, ""))
	})
	t.Run("an object that was deleted is not in the way of a purge", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		o := object{s, keyOf(t, tenant, "a/b")}
		o.put(t, "bye")
		mustDo(t, s.Store.Delete(t.Context(), o.key))
		purgeAll(t, s, tenant)
	})
	t.Run("an object can be put after a purge", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		o := object{s, keyOf(t, tenant, "a/b")}
		for _, content := range []string{"one", "two"} {
			o.put(t, content)
			o.mustHold(t, content)
			mustHaveObjects(t, s, tenant, true)
			purgeAll(t, s, tenant)
		}
	})
	t.Run("of many purges at once, each succeeds", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "purge")
		for i := range racers {
			object{s, keyOf(t, tenant, fmt.Sprint(i%7, "/", i))}.put(t, "bye")
		}
		for _, err := range race(func(int) error { _, err := s.Store.Purge(t.Context(), tenant, 10); return err }) {
			mustDo(t, err)
		}
		purgeAll(t, s, tenant)
	})
}

func idOf(t *testing.T, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	mustDo(t, err)
	return id
}

func purge(t *testing.T, s ObjectStorage, tenant domain.TenantID, limit int) int {
	t.Helper()
	removed, err := s.Store.Purge(t.Context(), tenant, limit)
	mustDo(t, err)
	return removed
}

// purgeAll purges until nothing is left.
func purgeAll(t *testing.T, s ObjectStorage, tenant domain.TenantID) {
	t.Helper()
	for purge(t, s, tenant, 1000) > 0 {
	}
	mustHaveObjects(t, s, tenant, false)
}

func mustHaveObjects(t *testing.T, s ObjectStorage, tenant domain.TenantID, want bool) {
	t.Helper()
	got, err := s.Store.HasObjects(t.Context(), tenant)
	mustDo(t, err)
	if got != want {
		t.Fatalf("%s has objects: %v", tenant, got)
	}
}
