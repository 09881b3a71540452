package s3_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
)

// manyObjects is how many objects the tests of several pages have. A page has 1,000.
var manyObjects = flag.Int("s3.objects", 1_200, "how many objects TestManyObjectsArePurged and TestTenantsOfManyPages have")

// TestManyObjectsArePurged measures the heap, so it does not run beside other tests.
func TestManyObjectsArePurged(t *testing.T) {
	b, tenant := bucketOf(t), domain.Must(domain.ParseTenantID("many"))
	store := newStore(t, configOf(b.server))
	b.putMany(t, func(i int) string { return fmt.Sprintf("many/%d/%d", i%7, i) })
	started, before, highest, removed := time.Now(), allocated(), int64(0), 0
	for n := 1; n > 0; removed += n {
		var err error
		if n, err = store.Purge(t.Context(), tenant, 1000); err != nil {
			t.Fatal(err)
		}
		highest = max(highest, allocated())
	}
	t.Logf("purged %d objects in %v, with %d KiB more memory", removed, time.Since(started), (highest-before)>>10)
	if removed < *manyObjects {
		t.Errorf("it removed %d of %d", removed, *manyObjects)
	}
	if grown := highest - before; grown > 64<<20 {
		t.Errorf("the purge holds %d MiB", grown>>20)
	}
	if has, err := store.HasObjects(t.Context(), tenant); err != nil || has {
		t.Errorf("it has objects: %v, %v", has, err)
	}
}

func TestTenantsOfManyPages(t *testing.T) {
	t.Parallel()
	b := bucketOf(t)
	b.putMany(t, func(i int) string { return fmt.Sprintf("tenant-%d/file", i) })
	b.put(t, "No tenant/file", "content")
	b.put(t, "loose", "content")
	for name, store := range map[string]*s3.Store{
		"a server with versions": newStore(t, configOf(b.server)),
		"a server without":       withoutVersions.behind(t, b),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := map[domain.TenantID]int{}
			for id, err := range store.Tenants(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if found[id]++; found[id] > 1 {
					t.Fatalf("%s was found again", id)
				}
			}
			if len(found) != *manyObjects {
				t.Errorf("it found %d of %d tenants", len(found), *manyObjects)
			}
		})
	}
}

// bucketOf returns a bucket of its own.
func bucketOf(t *testing.T) bucket {
	t.Helper()
	server := realservers.S3(t)
	return bucket{server, server.Client()}
}

// putMany puts many objects, several at once.
func (b bucket) putMany(t *testing.T, key func(i int) string) {
	t.Helper()
	const workers = 16
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < *manyObjects; i += workers {
				name := key(i)
				if _, err := b.client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &b.server.Bucket, Key: &name, Body: strings.NewReader("content")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func allocated() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // a heap is smaller
}
