package s3_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/adapters/s3"
	"github.com/partywall-go/partywall/domain"
)

// bucket is a bucket of a real server, which the tests fill past the store.
type bucket struct {
	server *realservers.ObjectServer
	client *awss3.Client
}

// versioned returns a bucket of its own that keeps versions.
func versioned(t *testing.T) bucket {
	t.Helper()
	return keepVersions(t, realservers.S3(t))
}

// keepVersions makes the server's bucket keep versions.
func keepVersions(t *testing.T, s *realservers.ObjectServer) bucket {
	t.Helper()
	b := bucket{s, s.Client()}
	_, err := b.client.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
		Bucket:                  &b.server.Bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b bucket) put(t *testing.T, key, content string) {
	t.Helper()
	if _, err := b.client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &b.server.Bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
}

func (b bucket) delete(t *testing.T, key string) {
	t.Helper()
	if _, err := b.client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: &b.server.Bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
}

// upload begins a multipart upload and sends one part.
func (b bucket) upload(t *testing.T, key string) {
	t.Helper()
	begun, err := b.client.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &b.server.Bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.client.UploadPart(t.Context(), &awss3.UploadPartInput{Bucket: &b.server.Bucket, Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("a part")})
	if err != nil {
		t.Fatal(err)
	}
}

// content returns what the bucket keeps, one line a version, a marker or an upload.
func (b bucket) content(t *testing.T) (kept []string) {
	t.Helper()
	versions, err := b.client.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: &b.server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions.Versions {
		kept = append(kept, "version "+*v.Key)
	}
	for _, marker := range versions.DeleteMarkers {
		kept = append(kept, "marker "+*marker.Key)
	}
	uploads, err := b.client.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &b.server.Bucket, MaxUploads: aws.Int32(100)})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range uploads.Uploads {
		kept = append(kept, "upload "+*u.Key)
	}
	return kept
}

func (b bucket) mustKeep(t *testing.T, want ...string) {
	t.Helper()
	if got := b.content(t); !slices.Equal(got, want) {
		t.Fatalf("the bucket keeps %q, want %q", got, want)
	}
}

// purgeInSteps purges until a step finds nothing, and returns how much each step removed.
func purgeInSteps(t *testing.T, store *s3.Store, tenant string, limit int) (steps []int) {
	t.Helper()
	for {
		removed, err := store.Purge(t.Context(), tenantOf(t, tenant), limit)
		if err != nil {
			t.Fatal(err)
		}
		if removed == 0 {
			return steps
		}
		steps = append(steps, removed)
	}
}

func tenantOf(t testing.TB, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustHaveObjects(t *testing.T, store *s3.Store, tenant string, want bool) {
	t.Helper()
	got, err := store.HasObjects(t.Context(), tenantOf(t, tenant))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("%s has objects: %v", tenant, got)
	}
}

func TestPurgeRemovesWhatListsDoNotShow(t *testing.T) {
	b := versioned(t)
	for range 2 {
		b.upload(t, "purged/unfinished")
	}
	purgesWhatListsDoNotShow(t, b, 2)
}

// purgesWhatListsDoNotShow fills the bucket with versions and markers, and purges them
// with the unfinished uploads of which the bucket lists so many.
func purgesWhatListsDoNotShow(t *testing.T, b bucket, uploads int) {
	t.Helper()
	store := newStore(t, configOf(b.server))
	b.put(t, "purged2/a", "theirs")
	b.upload(t, "purged2/b")
	for range 3 {
		b.put(t, "purged/a b%2F+ü", "a version")
	}
	b.put(t, "purged/deleted", "deleted")
	b.delete(t, "purged/deleted")
	mustHaveObjects(t, store, "purged", true)

	const versions, limit = 3 + 2, 2
	steps := purgeInSteps(t, store, "purged", limit)
	total := 0
	for _, n := range steps {
		if total += n; n > limit {
			t.Errorf("a step removed %d", n)
		}
	}
	if total != versions+uploads {
		t.Errorf("it removed %v, want %d in all", steps, versions+uploads)
	}
	mustHaveObjects(t, store, "purged", false)
	kept := b.content(t)
	if slices.ContainsFunc(kept, func(line string) bool { return strings.Contains(line, " purged/") }) {
		t.Errorf("the bucket keeps %q", kept)
	}
	for _, want := range []string{"version purged2/a", "upload purged2/b"} {
		if !slices.Contains(kept, want) {
			t.Errorf("the bucket keeps %q, without %q", kept, want)
		}
	}
}

func TestAMarkerOfADeletedObjectIsFound(t *testing.T) {
	b := versioned(t)
	store := newStore(t, configOf(b.server))
	b.put(t, "acme/a", "content")
	if err := store.Delete(t.Context(), keyOf(t, "acme/a")); err != nil {
		t.Fatal(err)
	}
	page, err := store.List(t.Context(), prefixOf(t, "acme"), domain.ObjectKey{}, 10)
	if err != nil || len(page) != 0 {
		t.Fatalf("the list has %v, %v", page, err)
	}
	mustHaveObjects(t, store, "acme", true)
	purgeInSteps(t, store, "acme", 10)
	mustHaveObjects(t, store, "acme", false)
}

func prefixOf(t *testing.T, tenant string) domain.ObjectPrefix {
	t.Helper()
	prefix, err := domain.NewObjectPrefix(tenantOf(t, tenant), "")
	if err != nil {
		t.Fatal(err)
	}
	return prefix
}

// A console makes folders, and another program may write names that no file has.
func TestKeysThatNoFileHasAreNotListedButPurged(t *testing.T) {
	b := versioned(t)
	store := newStore(t, configOf(b.server))
	for _, key := range []string{"acme/0/", "acme/1\\", "acme/e\u0301", "acme/file", "acme/z/"} {
		b.put(t, key, "")
	}
	for limit := 1; limit <= 2; limit++ {
		page, err := store.List(t.Context(), prefixOf(t, "acme"), domain.ObjectKey{}, limit)
		if err != nil || len(page) != 1 || page[0].Key != keyOf(t, "acme/file") {
			t.Errorf("a list of %d has %v, %v", limit, page, err)
		}
	}
	purgeInSteps(t, store, "acme", 2)
	b.mustKeep(t)
}

// proxy may answer a request in place of the server.
type proxy func(w http.ResponseWriter, r *http.Request) (answered bool)

// behind returns a store whose requests pass the proxy.
func (p proxy) behind(t *testing.T, b bucket) *s3.Store {
	t.Helper()
	to, err := url.Parse(b.server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		r.SetURL(to)
		r.Out.Host = host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	cfg := configOf(b.server)
	cfg.AWS.BaseEndpoint = &server.URL
	return newStore(t, cfg)
}

// withoutVersions is a server that implements neither versions nor multipart uploads.
var withoutVersions proxy = func(w http.ResponseWriter, r *http.Request) bool {
	query := r.URL.Query()
	if !query.Has("versions") && !query.Has("uploads") && !query.Has("versionId") {
		return false
	}
	w.WriteHeader(http.StatusNotImplemented)
	return true
}

// dropPrefix removes the prefix from a list's request, before it is signed.
func dropPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("DropPrefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		switch list := in.Parameters.(type) {
		case *awss3.ListObjectsV2Input:
			list.Prefix = nil
		case *awss3.ListObjectVersionsInput:
			list.Prefix = nil
		case *awss3.ListMultipartUploadsInput:
			list.Prefix = nil
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

func TestAServerThatIgnoresThePrefixLosesNothing(t *testing.T) {
	b := versioned(t)
	b.put(t, "acme2/a", "theirs")
	b.upload(t, "acme2/b")
	cfg := configOf(b.server)
	cfg.AWS.APIOptions = append(cfg.AWS.APIOptions, dropPrefix)
	store := newStore(t, cfg)
	_, listErr := store.List(t.Context(), prefixOf(t, "acme"), domain.ObjectKey{}, 10)
	_, hasErr := store.HasObjects(t.Context(), tenantOf(t, "acme"))
	_, purgeErr := store.Purge(t.Context(), tenantOf(t, "acme"), 10)
	for name, err := range map[string]error{"List": listErr, "HasObjects": hasErr, "Purge": purgeErr} {
		if !errors.Is(err, domain.Internal) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	b.mustKeep(t, "version acme2/a", "upload acme2/b")
}

func TestAServerThatIgnoresThePrefixLosesNoUploads(t *testing.T) {
	b := versioned(t)
	b.upload(t, "acme2/b")
	cfg := configOf(b.server)
	cfg.AWS.APIOptions = append(cfg.AWS.APIOptions, dropPrefix)
	if _, err := newStore(t, cfg).Purge(t.Context(), tenantOf(t, "acme"), 10); !errors.Is(err, domain.Internal) {
		t.Errorf("got %v", err)
	}
	b.mustKeep(t, "upload acme2/b")
}

func TestAServerWithoutVersionsAndMultipartUploads(t *testing.T) {
	b := bucket{realservers.S3(t), nil}
	b.client = b.server.Client()
	for _, key := range []string{"acme/a", "acme/b/c", "acme/%", "acme2/a"} {
		b.put(t, key, "content")
	}
	store := withoutVersions.behind(t, b)
	mustHaveObjects(t, store, "acme", true)
	if steps := purgeInSteps(t, store, "acme", 2); !slices.Equal(steps, []int{2, 1}) {
		t.Errorf("it removed %v", steps)
	}
	mustHaveObjects(t, store, "acme", false)
	b.mustKeep(t, "version acme2/a")
}

func TestAPurgeThatIsRefusedIsTheOperatorsTrouble(t *testing.T) {
	b := versioned(t)
	b.put(t, "acme/a", "first")
	b.put(t, "acme/a", "second")
	store := proxy(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodDelete {
			return false
		}
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		return true
	}).behind(t, b)
	removed, err := store.Purge(t.Context(), tenantOf(t, "acme"), 10)
	if removed != 0 || !errors.Is(err, domain.Internal) || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("it removed %d, %v", removed, err)
	}
	b.mustKeep(t, "version acme/a", "version acme/a")
}
