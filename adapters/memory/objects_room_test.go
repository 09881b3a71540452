package memory_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestRoom(t *testing.T) {
	key := func(filename string) domain.ObjectKey {
		return domain.Must(domain.NewObjectKey(tenantID("acme"), filename))
	}
	// put uploads body under filename, and returns the status.
	put := func(t *testing.T, objects *memory.Objects, filename string, body io.Reader, upload ports.Upload) int {
		t.Helper()
		upload.TTL = time.Minute
		signed, err := objects.SignUpload(t.Context(), key(filename), upload)
		must(t, err)
		request := httptest.NewRequest(signed.Method, signed.URL.Reveal(), body)
		request.ContentLength, _ = upload.Size.Bytes()
		for name, value := range signed.Headers {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		objects.ServeHTTP(answer, request)
		return answer.Code
	}
	putBytes := func(t *testing.T, objects *memory.Objects, filename string, size int) int {
		t.Helper()
		return put(t, objects, filename, strings.NewReader(strings.Repeat("x", size)), ports.Upload{Size: sized(int64(size))})
	}
	// mustHaveRoom fails unless objects accepts exactly so many bytes.
	mustHaveRoom := func(t *testing.T, objects *memory.Objects, size int) {
		t.Helper()
		if status := putBytes(t, objects, "too-large", size+1); status != http.StatusInsufficientStorage {
			t.Errorf("%d bytes: %d", size+1, status)
		}
		if status := putBytes(t, objects, "largest", size); status != http.StatusOK {
			t.Errorf("%d bytes: %d", size, status)
		}
	}

	t.Run("all objects share the room", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		putBytes(t, objects, "a", 600)
		mustHaveRoom(t, objects, 400)
	})
	t.Run("a deleted object frees its room, once", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		putBytes(t, objects, "a", 600)
		putBytes(t, objects, "b", 300)
		for range 2 {
			must(t, objects.Delete(t.Context(), key("a")))
		}
		mustHaveRoom(t, objects, 700)
	})
	t.Run("a replaced object frees its room", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		putBytes(t, objects, "a", 600)
		putBytes(t, objects, "a", 100)
		mustHaveRoom(t, objects, 900)
	})
	t.Run("a refused upload frees its room", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		putBytes(t, objects, "a", 100)
		if status := put(t, objects, "a", strings.NewReader("hello"), ports.Upload{Size: sized(5), IfAbsent: true}); status != http.StatusPreconditionFailed {
			t.Errorf("a taken key: %d", status)
		}
		if status := put(t, objects, "b", strings.NewReader("hello"), ports.Upload{Size: sized(5), SHA256: make([]byte, 32)}); status != http.StatusBadRequest {
			t.Errorf("another checksum: %d", status)
		}
		mustHaveRoom(t, objects, 900)
	})
	t.Run("an upload in progress has its room already", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		body, line := io.Pipe()
		done := make(chan int)
		go func() { done <- put(t, objects, "a", body, ports.Upload{Size: sized(601)}) }()
		for _, chunk := range []int{600, 1} { // the second is asked for once the first has its room
			_, err := line.Write(make([]byte, chunk))
			must(t, err)
		}
		if status := putBytes(t, objects, "b", 401); status != http.StatusInsufficientStorage {
			t.Errorf("beside it: %d", status)
		}
		line.Close()
		if status := <-done; status != http.StatusOK {
			t.Errorf("it was answered with %d", status)
		}
		mustHaveRoom(t, objects, 399)
	})
	t.Run("Put uses up room, and requires none", func(t *testing.T) {
		objects := &memory.Objects{MaxBytes: 1000}
		objects.Put(key("a"), "text/plain", make([]byte, 1001))
		if status := putBytes(t, objects, "b", 1); status != http.StatusInsufficientStorage {
			t.Errorf("beside it: %d", status)
		}
	})
}

// sized returns the size of a file of n bytes.
func sized(n int64) domain.FileSize { return domain.Must(domain.NewFileSize(n)) }
