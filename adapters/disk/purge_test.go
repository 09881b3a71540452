package disk_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/domain"
)

func purgeAll(t *testing.T, objects *disk.Store, tenant domain.TenantID) (removed int) {
	t.Helper()
	for {
		n, err := objects.Purge(t.Context(), tenant, 3)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return removed
		}
		removed += n
	}
}

func TestPurge(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	t.Run("it leaves no file and no folder of the tenant", func(t *testing.T) {
		dir := t.TempDir()
		objects, server := objectsIn(t, dir)
		for i := range 10 {
			putObject(t, objects, server.Client(), objectKey(t, "acme", fmt.Sprint(i)), "hello")
		}
		putObject(t, objects, server.Client(), objectKey(t, "acme2", "theirs"), "theirs")
		if removed := purgeAll(t, objects, acme); removed != 10 {
			t.Errorf("it removed %d", removed)
		}
		if _, err := os.Stat(filepath.Join(dir, "acme")); !os.IsNotExist(err) {
			t.Errorf("the tenant's folder: %v", err)
		}
		if got := getObject(t, objects, server.Client(), objectKey(t, "acme2", "theirs")); got != "theirs" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("it removes the tenant's unfinished uploads alone", func(t *testing.T) {
		dir := t.TempDir()
		objects, _ := objectsIn(t, dir)
		mine, theirs := filepath.Join(dir, ".uploads", "acme.dead"), filepath.Join(dir, ".uploads", "acme2.dead")
		writeFile(t, mine, "half an up")
		writeFile(t, theirs, "half an up")
		if removed := purgeAll(t, objects, acme); removed != 1 {
			t.Errorf("it removed %d", removed)
		}
		if _, err := os.Stat(mine); !os.IsNotExist(err) {
			t.Errorf("the tenant's upload: %v", err)
		}
		if _, err := os.Stat(theirs); err != nil {
			t.Error(err)
		}
	})
	t.Run("a damaged file is not listed, but found and purged", func(t *testing.T) {
		dir := t.TempDir()
		objects, server := objectsIn(t, dir)
		putObject(t, objects, server.Client(), objectKey(t, "acme", "a.txt"), "hello")
		appendFile(t, onlyObject(t, dir), "more")
		prefix := domain.Must(domain.NewObjectPrefix(acme, ""))
		if page, err := objects.List(t.Context(), prefix, domain.ObjectKey{}, 10); err != nil || len(page) != 0 {
			t.Errorf("the list has %v, %v", page, err)
		}
		if found, err := objects.HasObjects(t.Context(), acme); err != nil || !found {
			t.Errorf("the tenant has objects: %v, %v", found, err)
		}
		if removed := purgeAll(t, objects, acme); removed != 1 {
			t.Errorf("it removed %d", removed)
		}
	})
	t.Run("an upload succeeds while a purge removes its folder", func(t *testing.T) {
		objects, server := objectsIn(t, t.TempDir())
		key := objectKey(t, "acme", "a.txt")
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = objects.Purge(t.Context(), acme, 1)
				}
			}
		})
		kept := 0
		for range 200 {
			switch status := sendObject(t, objects, server.Client(), key, anyUpload, "hello"); status {
			case http.StatusOK:
				kept++
			case http.StatusServiceUnavailable: // the purge removed the unfinished upload
			default:
				t.Fatalf("the upload was answered with %d", status)
			}
		}
		close(stop)
		wg.Wait()
		if kept == 0 {
			t.Error("no upload succeeded")
		}
		putObject(t, objects, server.Client(), key, "hello")
		if got := getObject(t, objects, server.Client(), key); got != "hello" {
			t.Errorf("got %q", got)
		}
	})
}
