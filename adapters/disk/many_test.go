package disk_test

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var manyObjects = flag.Int("disk.objects", 300, "how many objects TestManyObjectsArePurged has")

// TestManyObjectsArePurged measures the heap, so it does not run beside other tests.
func TestManyObjectsArePurged(t *testing.T) {
	objects, _ := objectsIn(t, t.TempDir())
	tenant := domain.Must(domain.ParseTenantID("many"))
	for i := range *manyObjects {
		content := ports.ObjectContent{Body: io.NopCloser(strings.NewReader("content")), Size: 7}
		if err := objects.PutContent(t.Context(), objectKey(t, "many", fmt.Sprint(i)), content); err != nil {
			t.Fatal(err)
		}
	}
	started, before, highest, removed := time.Now(), allocated(), int64(0), 0
	for n := 1; n > 0; removed += n {
		var err error
		if n, err = objects.Purge(t.Context(), tenant, 100); err != nil {
			t.Fatal(err)
		}
		highest = max(highest, allocated())
	}
	t.Logf("purged %d objects in %v, with %d KiB more memory", removed, time.Since(started), (highest-before)>>10)
	if removed != *manyObjects {
		t.Errorf("it removed %d of %d", removed, *manyObjects)
	}
	if grown := highest - before; grown > 64<<20 {
		t.Errorf("the purge holds %d MiB", grown>>20)
	}
}

func allocated() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // a heap is smaller
}
