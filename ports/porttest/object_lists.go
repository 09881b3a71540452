package porttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// listObjects is the part of [ObjectStore] about lists.
func listObjects(t *testing.T, open func(t *testing.T) ObjectStorage) {
	t.Run("a tenant without objects has an empty list", func(t *testing.T) {
		mustList(t, list(t, open(t), newTenantID(t, "list"), ""))
	})
	t.Run("a list has every file name of the tenant, and no other tenant's", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "list")
		for _, other := range []string{tenant.String() + "x", "x" + tenant.String()} {
			object{s, keyOf(t, idOf(t, other), "theirs")}.put(t, "theirs")
		}
		want := make([]string, len(hostileNames))
		for i, name := range hostileNames {
			key := keyOf(t, tenant, name)
			want[i] = key.Filename()
			object{s, key}.put(t, "this is "+name)
		}
		slices.Sort(want)
		mustList(t, list(t, s, tenant, ""), want...)
	})
	t.Run("a list is in the order of the keys by byte, page after page", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "list")
		for _, name := range byByte {
			object{s, keyOf(t, tenant, name)}.put(t, name)
		}
		for limit := 1; limit <= len(byByte)+1; limit++ {
			var names []string
			for page := range pages(t, s, prefixOf(t, tenant, ""), limit) {
				names = append(names, page...)
			}
			mustList(t, names, byByte...)
		}
		for _, limit := range []int{0, -1} {
			page, err := s.Store.List(t.Context(), prefixOf(t, tenant, ""), domain.ObjectKey{}, limit)
			mustDo(t, err)
			if len(page) > 0 {
				t.Errorf("a list of %d has %v", limit, page)
			}
		}
	})
	t.Run("a list has the files whose names begin with its prefix", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "list")
		for _, name := range []string{"a/1", "a/b/2", "ab", "b/a/3", "\u00e9t\u00e9"} {
			object{s, keyOf(t, tenant, name)}.put(t, name)
		}
		for prefix, want := range map[string][]string{
			"a":    {"a/1", "a/b/2", "ab"},
			"a/":   {"a/1", "a/b/2"},
			"a/b":  {"a/b/2"},
			"ab":   {"ab"},
			"b/a/": {"b/a/3"},
			"A":    nil, "%": nil, "*": nil, "c": nil, "a/1/": nil,
			"e\u0301": {"\u00e9t\u00e9"},
		} {
			t.Run(prefix, func(t *testing.T) { mustList(t, list(t, s, tenant, prefix), want...) })
		}
	})
	t.Run("a list goes on after a file that was deleted", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "list")
		for _, name := range []string{"a", "b", "c"} {
			object{s, keyOf(t, tenant, name)}.put(t, name)
		}
		mustDo(t, s.Store.Delete(t.Context(), keyOf(t, tenant, "b")))
		page, err := s.Store.List(t.Context(), prefixOf(t, tenant, ""), keyOf(t, tenant, "b"), 10)
		mustDo(t, err)
		mustList(t, namesOf(page), "c")
		mustList(t, list(t, s, tenant, ""), "a", "c")
	})
	t.Run("a list has the size and the time of each object", func(t *testing.T) {
		s, tenant := open(t), newTenantID(t, "list")
		o := object{s, keyOf(t, tenant, "note.txt")}
		for _, content := range []string{"hello", "hello again", ""} {
			o.put(t, content)
			page, err := s.Store.List(t.Context(), prefixOf(t, tenant, ""), domain.ObjectKey{}, 10)
			mustDo(t, err)
			if len(page) != 1 || page[0].Key != o.key || page[0].Size != int64(len(content)) {
				t.Fatalf("got %+v of %q", page, content)
			}
			mustBeRecent(t, page[0].ModifiedAt)
		}
	})
}

// byByte are file names in the order of their bytes, which a store that keeps folders
// and files must take care to keep.
var byByte = []string{"-", "A", "B/c", "a-b/c", "a.b", "a.b.c", "a/b", "a/b.c", "a/b0", "a0", "aa", "b", "\u00e9", "\u65e5\u672c/\u8a9e"}

// list returns the names of all files that begin with prefix.
func list(t *testing.T, s ObjectStorage, tenant domain.TenantID, prefix string) (names []string) {
	t.Helper()
	for page := range pages(t, s, prefixOf(t, tenant, prefix), 1000) {
		names = append(names, page...)
	}
	return names
}

// pages yields the names of page after page, of limit files each.
func pages(t *testing.T, s ObjectStorage, prefix domain.ObjectPrefix, limit int) func(yield func([]string) bool) {
	t.Helper()
	return func(yield func([]string) bool) {
		var after domain.ObjectKey
		for {
			page, err := s.Store.List(t.Context(), prefix, after, limit)
			mustDo(t, err)
			if len(page) > limit {
				t.Fatalf("a page of %d has %d files", limit, len(page))
			}
			if !yield(namesOf(page)) || len(page) < limit {
				return
			}
			after = page[len(page)-1].Key
		}
	}
}

func namesOf(page []ports.ListedObject) []string {
	names := make([]string, len(page))
	for i, o := range page {
		names[i] = o.Key.Filename()
	}
	return names
}

func prefixOf(t *testing.T, tenant domain.TenantID, text string) domain.ObjectPrefix {
	t.Helper()
	prefix, err := domain.NewObjectPrefix(tenant, text)
	mustDo(t, err)
	return prefix
}

func mustList(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("the list has %s, want %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
