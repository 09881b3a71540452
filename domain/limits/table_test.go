package limits

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func aMinute(count int) Rate { return Rate{count, time.Minute} }

func TestATable(t *testing.T) {
	t.Run("allows so many at once, then says how long to wait", func(t *testing.T) {
		table := NewTable[string](aMinute(20))
		for i := range 20 {
			if wait := table.Take("a", start); wait != 0 {
				t.Fatalf("number %d has to wait %s", i+1, wait)
			}
		}
		if wait := table.Take("a", start); wait != 3*time.Second {
			t.Errorf("number 21 has to wait %s, not 3s", wait)
		}
		if wait := table.Take("b", start); wait != 0 {
			t.Errorf("another key has to wait %s", wait)
		}
	})

	t.Run("allows one more after the wait, and refused ones don't prolong it", func(t *testing.T) {
		table := NewTable[string](aMinute(60))
		for range 60 {
			table.Take("a", start)
		}
		var wait time.Duration
		for range 1000 {
			wait = table.Take("a", start)
		}
		if wait != time.Second {
			t.Fatalf("the wait is %s, not 1s", wait)
		}
		if wait := table.Take("a", start.Add(wait)); wait != 0 {
			t.Errorf("after the wait there are %s more", wait)
		}
		if wait := table.Take("a", start.Add(time.Second)); wait != time.Second {
			t.Errorf("the next wait is %s, not 1s", wait)
		}
	})

	t.Run("never allows more at once than its count, however long a key rests", func(t *testing.T) {
		table := NewTable[string](Rate{20, 24 * time.Hour})
		table.Take("a", start)
		allowed := 0
		for range 100 {
			if table.Take("a", start.Add(1000*time.Hour)) == 0 {
				allowed++
			}
		}
		if allowed != 20 {
			t.Errorf("it allows %d", allowed)
		}
	})

	t.Run("takes back what turned out not to count, and no more than that", func(t *testing.T) {
		table := NewTable[string](aMinute(3))
		for range 100 {
			if wait := table.Take("a", start); wait != 0 {
				t.Fatalf("a returned one counts: wait %s", wait)
			}
			table.Return("a")
		}
		table.Return("a")
		table.Return("never seen")
		allowed := 0
		for range 10 {
			if table.Take("a", start) == 0 {
				allowed++
			}
		}
		if allowed != 3 {
			t.Errorf("it allows %d", allowed)
		}
	})

	t.Run("allows its count to many callers at once", func(t *testing.T) {
		table := NewTable[string](aMinute(20))
		var allowed atomic.Int32
		var callers sync.WaitGroup
		for range 200 {
			callers.Go(func() {
				if table.Take("a", start) == 0 {
					allowed.Add(1)
				}
			})
		}
		callers.Wait()
		if allowed.Load() != 20 {
			t.Errorf("it allows %d", allowed.Load())
		}
	})

	t.Run("survives a clock that is set back", func(t *testing.T) {
		table := NewTable[string](aMinute(2))
		table.Take("a", start)
		if wait := table.Take("a", start.Add(-20*time.Second)); wait > time.Minute {
			t.Errorf("the wait is %s", wait)
		}
	})
}

func TestATableIsBounded(t *testing.T) {
	t.Run("by its size", func(t *testing.T) {
		table := NewTable[int](aMinute(10))
		table.size = 100
		for i := range 10_000 {
			table.Take(i, start.Add(time.Duration(i)*time.Millisecond))
		}
		if n := len(table.recovered); n > 100 {
			t.Errorf("it holds %d keys", n)
		}
	})

	t.Run("and keeps an exhausted key when thousands of others come once", func(t *testing.T) {
		table := NewTable[int](aMinute(10))
		table.size = 100
		for range 10 {
			table.Take(-1, start)
		}
		for i := range 10_000 {
			table.Take(i, start)
		}
		if wait := table.Take(-1, start); wait == 0 {
			t.Error("the limit was forgotten")
		}
	})

	t.Run("and drops first the keys that have recovered everything", func(t *testing.T) {
		table := NewTable[int](aMinute(10))
		table.size = evictionPicks
		for i := range evictionPicks {
			table.Take(i, start)
		}
		table.Take(-1, start.Add(time.Minute))
		if n := len(table.recovered); n != 1 {
			t.Errorf("%d keys are left, not the newcomer alone", n)
		}
	})
}
