package disk_test

import (
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var anyUpload = ports.Upload{TTL: time.Minute}

func objectKey(t *testing.T, tenant, filename string) domain.ObjectKey {
	t.Helper()
	id, err := domain.ParseTenantID(tenant)
	if err != nil {
		t.Fatal(err)
	}
	key, err := domain.NewObjectKey(id, filename)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sendObject uploads body as upload says, and returns the answer's status.
func sendObject(t *testing.T, objects *disk.Store, client *http.Client, key domain.ObjectKey, upload ports.Upload, body string) int {
	t.Helper()
	signed, err := objects.SignUpload(t.Context(), key, upload)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL.Reveal(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func putObject(t *testing.T, objects *disk.Store, client *http.Client, key domain.ObjectKey, body string) {
	t.Helper()
	if status := sendObject(t, objects, client, key, anyUpload, body); status != http.StatusOK {
		t.Fatalf("the upload was answered with %d", status)
	}
}

func getObject(t *testing.T, objects *disk.Store, client *http.Client, key domain.ObjectKey) string {
	t.Helper()
	signed, err := objects.SignDownload(t.Context(), key, ports.Download{TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(signed.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the download was answered with %d, %v", resp.StatusCode, err)
	}
	return string(body)
}

// walk gives everything in dir, dir included.
func walk(t *testing.T, dir string) iter.Seq2[string, fs.DirEntry] {
	t.Helper()
	return func(yield func(string, fs.DirEntry) bool) {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !yield(path, entry) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// onlyObject is the path of the one file that is stored in dir.
func onlyObject(t *testing.T, dir string) string {
	t.Helper()
	var files []string
	for path, entry := range walk(t, dir) {
		if !entry.IsDir() {
			files = append(files, path)
		}
	}
	if len(files) != 1 {
		t.Fatalf("there are %v", files)
	}
	return files[0]
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendFile(t *testing.T, path, content string) {
	t.Helper()
	writeFile(t, path, readFile(t, path)+content)
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}
