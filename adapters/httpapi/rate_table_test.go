package httpapi

import (
	"testing"
	"time"
)

func TestARateTable(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

	t.Run("gives so many at once, then tells how long to wait", func(t *testing.T) {
		table := newRateTable[string](20)
		for i := range 20 {
			if wait := table.take("a", start); wait != 0 {
				t.Fatalf("number %d has to wait %s", i+1, wait)
			}
		}
		if wait := table.take("a", start); wait != 3*time.Second {
			t.Errorf("the 21st has to wait %s, not 3s", wait)
		}
		if wait := table.take("b", start); wait != 0 {
			t.Errorf("somebody else has to wait %s", wait)
		}
	})

	t.Run("gives again when the wait is over, and isn't set back by trying", func(t *testing.T) {
		table := newRateTable[string](60)
		for range 60 {
			table.take("a", start)
		}
		var wait time.Duration
		for range 1000 {
			wait = table.take("a", start)
		}
		if wait != time.Second {
			t.Fatalf("the wait is %s, not 1s", wait)
		}
		if wait := table.take("a", start.Add(wait)); wait != 0 {
			t.Errorf("after the wait there are %s more", wait)
		}
	})

	t.Run("stays within its size", func(t *testing.T) {
		table := newRateTable[int](10)
		table.size = 100
		for i := range 10_000 {
			table.take(i, start.Add(time.Duration(i)*time.Millisecond))
		}
		if n := len(table.keys); n > 100 {
			t.Errorf("it holds %d keys", n)
		}
	})

	t.Run("doesn't forget who used everything up when thousands of others come once", func(t *testing.T) {
		table := newRateTable[int](10)
		table.size = 100
		for range 10 {
			table.take(-1, start)
		}
		for i := range 10_000 {
			table.take(i, start)
		}
		if wait := table.take(-1, start); wait == 0 {
			t.Error("the limit was washed away")
		}
	})

	t.Run("forgets first whoever has recovered everything", func(t *testing.T) {
		table := newRateTable[int](10)
		table.size = evictionPicks
		for i := range evictionPicks {
			table.take(i, start)
		}
		table.take(-1, start.Add(time.Minute))
		if n := len(table.keys); n != 1 {
			t.Errorf("%d keys are left, not the newcomer alone", n)
		}
	})
}
