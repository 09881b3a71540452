package cli

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/partywall-go/partywall/adapters/realservers"
)

var archivedFiles = flag.Int("archive.files", 60, "how many files TestFilesMoveBetweenStores moves; a page of a list has 1,000")

// TestFilesMoveBetweenStores exports a tenant from a bucket, imports it into a second
// installation with another bucket, exports it there, and imports it into a third one with
// files on disk. Each has the same files, with their types and contents.
func TestFilesMoveBetweenStores(t *testing.T) {
	from, to := realservers.S3(t), realservers.S3(t)
	if err := to.KeepVersions(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	third := maps.Clone(first)
	third["DB_NAME"], third["DATA_DIR"] = "third", filepath.Join(t.TempDir(), "data")
	second := maps.Clone(first)
	second["DB_NAME"] = "second"
	onBucket(first, from)
	onBucket(second, to)
	for _, env := range []map[string]string{first, second, third} {
		succeeding(t, env)("setup")
	}
	succeeding(t, first)("tenants", "create", "acme", "--owner", "ada")
	putFiles(t, from, "acme/")
	want := filesOf(t, from, "acme/")

	dir, all := t.TempDir(), fmt.Sprintf("%d files", *archivedFiles)
	move := func(env map[string]string, id string, onto map[string]string, as string) {
		t.Helper()
		file := filepath.Join(dir, as+".tar.zst")
		if out := succeeding(t, env)("tenants", "export", id, "-o", file); !strings.Contains(out, all) {
			t.Errorf("exported %q, want %s", out, all)
		}
		if out := succeeding(t, onto)("tenants", "import", file, "--as", as); !strings.Contains(out, all) {
			t.Errorf("imported %q, want %s", out, all)
		}
	}
	move(first, "acme", second, "bolt")
	mustEqualFiles(t, want, filesOf(t, to, "bolt/"))
	move(second, "bolt", third, "cast")
	move(third, "cast", first, "dent") // and back from disk
	mustEqualFiles(t, want, filesOf(t, from, "dent/"))
	mustEqualFiles(t, want, filesOf(t, from, "acme/"))
}

// putFiles puts files of several types below the prefix, the last of which has parts.
func putFiles(t *testing.T, bucket *realservers.ObjectServer, prefix string) {
	t.Helper()
	client := bucket.Client()
	put := func(i int, name, content string) {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &bucket.Bucket, Key: aws.String(prefix + name), Body: strings.NewReader(content),
			ContentType: aws.String(fmt.Sprintf("text/x-%d; charset=utf-8", i%7)), CacheControl: aws.String("no-store"),
		})
		if err != nil {
			t.Error(err)
		}
	}
	const workers = 8
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := worker; i < *archivedFiles-2; i += workers {
				put(i, fmt.Sprintf("folder %d/file-%d.txt", i%13, i), fmt.Sprint("content ", i))
			}
		})
	}
	all.Wait()
	put(1, "Größe ☃ + 100%.txt", "")
	put(2, "large.bin", strings.Repeat("0123456789abcdef", 3<<20)) // 48 MiB: three parts
	if t.Failed() {
		t.FailNow()
	}
}

// filesOf returns what is known of each file below the prefix, by its name.
func filesOf(t *testing.T, bucket *realservers.ObjectServer, prefix string) map[string]string {
	t.Helper()
	client, files := bucket.Client(), map[string]string{}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			files[strings.TrimPrefix(*o.Key, prefix)] = describeObject(t, bucket, client, *o.Key)
		}
	}
	return files
}

func describeObject(t *testing.T, bucket *realservers.ObjectServer, client *s3.Client, key string) string {
	t.Helper()
	found, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket.Bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Body.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, found.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d bytes, %x, %s, %s", size, sum.Sum(nil), aws.ToString(found.ContentType), aws.ToString(found.CacheControl))
}

func mustEqualFiles(t *testing.T, want, got map[string]string) {
	t.Helper()
	if len(got) != *archivedFiles {
		t.Errorf("there are %d files, want %d", len(got), *archivedFiles)
	}
	for name, description := range want {
		if got[name] != description {
			t.Fatalf("%s: %q, want %q", name, got[name], description)
		}
	}
}
