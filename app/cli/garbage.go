package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The Go runtime collects garbage when the heap has doubled. The few MiB that a serving
// program keeps double many times a second under load, and each time costs as much. The
// program therefore waits for at least minGarbage, which a heap of that size waits for by
// itself.
const (
	minGarbage     = 12 << 20 // in bytes
	usualPercent   = 100      // of the heap, that Go lets it grow by
	largestPercent = 300      // more would raise the 4 MiB that Go waits for in an empty heap beyond minGarbage
)

// growthOf returns the percentage by which a heap grows until it is collected, where live
// is what the last collection kept of it, in bytes.
func growthOf(live uint64) int {
	return int(min(max(usualPercent, 100*minGarbage/max(live, 1)), largestPercent))
}

// collector sets the target of the garbage collector after each of its runs.
type collector struct {
	live    func() uint64
	percent int // that is set
}

// tuneCollector has the program collect garbage less often while its heap is small, unless
// GOGC says how often. It reports whether it does.
func tuneCollector() (tunes bool) {
	if os.Getenv("GOGC") != "" {
		return false
	}
	c := &collector{live: liveHeap, percent: usualPercent}
	c.tune()
	return true
}

// tune sets the target now and again after the next run of the collector.
func (c *collector) tune() {
	if percent := growthOf(c.live()); percent != c.percent {
		c.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.AddCleanup(new(unreachable), (*collector).tune, c)
}

// unreachable is freed by the next run of the collector. It is too large to share its
// memory with values that are still in use.
type unreachable [32]byte

func liveHeap() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64()
}
