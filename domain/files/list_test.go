package files_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// slowStore is a store whose Stat takes a while. It notes how many are at work.
type slowStore struct {
	ports.ObjectStore
	before    func(domain.ObjectKey) error
	now, most atomic.Int32
}

func (s *slowStore) Stat(ctx context.Context, key domain.ObjectKey) (ports.ObjectInfo, error) {
	at := s.now.Add(1)
	for most := s.most.Load(); at > most && !s.most.CompareAndSwap(most, at); most = s.most.Load() {
	}
	defer s.now.Add(-1)
	time.Sleep(time.Millisecond)
	if err := s.before(key); err != nil {
		return ports.ObjectInfo{}, err
	}
	return s.ObjectStore.Stat(ctx, key)
}

// openWithFiles has the files 000, 001 and so on in the tenant acme.
func openWithFiles(t *testing.T, count int) (*installation, *slowStore) {
	t.Helper()
	h := newInstallation(t)
	acme := domain.Must(domain.ParseTenantID("acme"))
	for i := range count {
		h.objects.Put(domain.Must(domain.NewObjectKey(acme, fmt.Sprintf("%03d", i))), "text/plain", []byte("hello"))
	}
	store := &slowStore{ObjectStore: h.objects, before: func(domain.ObjectKey) error { return nil }}
	h.Store = store
	return h, store
}

func TestAPageOfFilesHasALength(t *testing.T) {
	h, store := openWithFiles(t, 201)
	member := h.member(t, "acme", domain.RoleViewer)
	for limit, want := range map[int]int{0: domain.DefaultPage, 1: 1, domain.MaxPage: domain.MaxPage} {
		page, err := h.List(t.Context(), member, "", domain.ObjectKey{}, limit)
		if err != nil || len(page.Files) != want || page.Next != page.Files[want-1].Key {
			t.Errorf("limit %d: %d files, next %v, %v", limit, len(page.Files), page.Next, err)
		}
		if last := page.Files[want-1]; last.Size != 5 || last.ContentType != "text/plain" || last.ModifiedAt.IsZero() {
			t.Errorf("limit %d: got %+v", limit, last)
		}
	}
	if most := store.most.Load(); most > 10 {
		t.Errorf("%d files were described at once", most)
	}
	for _, limit := range []int{-1, domain.MaxPage + 1} {
		if _, err := h.List(t.Context(), member, "", domain.ObjectKey{}, limit); !errors.Is(err, domain.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestAListGoesOnInItsOwnTenant(t *testing.T) {
	h, _ := openWithFiles(t, 1)
	member := h.member(t, "beta", domain.RoleOwner)
	foreign := domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "000"))
	if page, err := h.List(t.Context(), member, "", foreign, 1); !errors.Is(err, domain.Invalid) {
		t.Errorf("got %+v, %v", page, err)
	}
	if page, err := h.List(t.Context(), member, "", domain.ObjectKey{}, 1); err != nil || len(page.Files) != 0 {
		t.Errorf("beta has %+v, %v", page, err)
	}
}

func TestAFileThatIsDeletedDuringAListIsLeftOut(t *testing.T) {
	h, store := openWithFiles(t, 3)
	member := h.member(t, "acme", domain.RoleOwner)
	store.before = func(key domain.ObjectKey) error {
		if key.Filename() == "001" {
			return h.objects.Delete(t.Context(), key)
		}
		return nil
	}
	page, err := h.List(t.Context(), member, "", domain.ObjectKey{}, 2)
	if err != nil || len(page.Files) != 1 || page.Files[0].Key.Filename() != "000" || page.Next.Filename() != "001" {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestAListFailsWithTheStore(t *testing.T) {
	h, store := openWithFiles(t, 200)
	member := h.member(t, "acme", domain.RoleOwner)
	store.before = func(key domain.ObjectKey) error {
		if key.Filename() == "020" {
			h.objects.Break()
		}
		return nil
	}
	page, err := h.List(t.Context(), member, "", domain.ObjectKey{}, 200)
	if !errors.Is(err, domain.CodeObjectStoreUnavailable) || page.Files != nil {
		t.Errorf("got %+v, %v", page, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.objects.Restore()
	store.before = func(domain.ObjectKey) error { cancel(); return nil }
	if _, err := h.List(ctx, member, "", domain.ObjectKey{}, 200); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAViewerDeletesNoFile(t *testing.T) {
	h, _ := openWithFiles(t, 1)
	if err := h.Delete(t.Context(), h.member(t, "acme", domain.RoleViewer), "000"); !errors.Is(err, domain.Forbidden) {
		t.Errorf("got %v", err)
	}
}
