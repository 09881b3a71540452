package cli

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"
)

func TestASmallHeapIsCollectedLessOften(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]int{0: 300, mib: 300, 4 * mib: 300, 6 * mib: 200, 8 * mib: 150, 12 * mib: 100, 64 * mib: 100, 1 << 40: 100} {
		if got := growthOf(live); got != want {
			t.Errorf("a heap of %d MiB grows by %d%%, want %d%%", live/mib, got, want)
		}
		if garbage := live / 100 * uint64(growthOf(live)); garbage > max(live, minGarbage) {
			t.Errorf("a heap of %d MiB grows by %d MiB, more than it would by itself and than the promise", live/mib, garbage/mib)
		}
	}
}

// TestTheCollectorIsTunedAfterEachRun has a heap grow and shrink, and runs the collector.
func TestTheCollectorIsTunedAfterEachRun(t *testing.T) {
	before := debug.SetGCPercent(usualPercent)
	var live atomic.Uint64
	var seen atomic.Int64
	c := &collector{percent: usualPercent, live: func() uint64 { seen.Add(1); return live.Load() }}
	t.Cleanup(func() {
		live.Store(1 << 30) // the last target of this collector is the usual one
		collected(t, &seen)
		debug.SetGCPercent(before)
	})
	live.Store(4 << 20)
	c.tune()
	for _, step := range []struct {
		live uint64
		want int
	}{{4 << 20, 300}, {6 << 20, 200}, {1 << 30, 100}, {2 << 20, 300}} {
		live.Store(step.live)
		collected(t, &seen)
		set := debug.SetGCPercent(usualPercent)
		debug.SetGCPercent(set)
		if set != step.want {
			t.Errorf("with %d MiB alive the target is %d%%, want %d%%", step.live>>20, set, step.want)
		}
	}
}

// collected returns when the collector was tuned by what is alive now: the first of three
// times may have begun before, and the third begins when the second has ended.
func collected(t *testing.T, seen *atomic.Int64) {
	t.Helper()
	for until, deadline := seen.Load()+3, time.Now().Add(time.Minute); seen.Load() < until; {
		if time.Now().After(deadline) {
			t.Fatal("the collector ran, and its target was not set")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func TestGOGCKeepsItsMeaning(t *testing.T) {
	t.Setenv("GOGC", "50")
	before := debug.SetGCPercent(usualPercent)
	defer debug.SetGCPercent(before)
	tunes := tuneCollector()
	if set := debug.SetGCPercent(usualPercent); tunes || set != usualPercent {
		t.Errorf("GOGC is set, and the program set %d%%", set)
	}
}
