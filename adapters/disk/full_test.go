//go:build unix

package disk_test

import (
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// A disk that refuses to take more is played by the kernel's limit on the size
// of a file.
func TestAFullDisk(t *testing.T) {
	objects, server := objectsIn(t, t.TempDir())
	key := objectKey(t, "acme", "a.txt")
	putObject(t, objects, server.Client(), key, "what was there")

	limitFileSize(t, 1<<16)
	big := strings.Repeat("x", 1<<17)
	for name, upload := range map[string]ports.Upload{
		"a new version":  anyUpload,
		"a given length": {Size: sized(int64(len(big))), TTL: time.Minute},
	} {
		t.Run(name+" is refused, and what was there stays", func(t *testing.T) {
			if status := sendObject(t, objects, server.Client(), key, upload, big); status != http.StatusInsufficientStorage {
				t.Errorf("got %d", status)
			}
			if got := getObject(t, objects, server.Client(), key); got != "what was there" {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("what fits is taken", func(t *testing.T) {
		putObject(t, objects, server.Client(), key, "small")
	})
}

func limitFileSize(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	})
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
