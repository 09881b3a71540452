package httpapi_test

import (
	"io"
	"runtime"
	"testing"
	"time"
)

// TestAnAnnouncedBodyUsesNoMemory has 500 clients announce a megabyte
// each, and send a byte.
func TestAnAnnouncedBodyUsesNoMemory(t *testing.T) {
	h := open(t)
	h.get(t, "/healthz").is(t, 200)
	before := heap()
	for range 500 {
		_, _ = io.WriteString(h.dial(t), "POST /auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n{")
	}
	time.Sleep(300 * time.Millisecond) // for them to be read
	if grown := heap() - before; grown > 64<<20 {
		t.Errorf("500 announced bodies use %d MiB", grown>>20)
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
