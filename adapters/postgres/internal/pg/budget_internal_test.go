package pg

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestABudgetBoundsTheCallersOfAllPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewBudget(2)
		budget.SetShort(true)
		first, _ := budget.take(t.Context(), long)
		_, err := budget.take(t.Context(), long)
		if first == nil || err != nil {
			t.Fatalf("two callers of two: %v", err)
		}
		began := time.Now()
		if _, err := budget.take(t.Context(), time.Second); !errors.Is(err, domain.CodeDatabaseUnavailable) || time.Since(began) != time.Second {
			t.Errorf("a third caller, after %s: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := budget.take(ctx, long); !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who has left: %v", err)
		}
		first()
		if _, err := budget.take(t.Context(), time.Second); err != nil {
			t.Errorf("after one gave its turn back: %v", err)
		}
		budget.SetShort(false)
		if _, err := budget.take(t.Context(), time.Second); err != nil {
			t.Errorf("while the pools hold no more than the budget: %v", err)
		}
	})
}

func TestABudgetBoundsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewBudget(1)
		budget.SetShort(true)
		if err := budget.reserve(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := budget.reserve(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second connection of one: %v", err)
		}
		budget.closed()
		if err := budget.reserve(t.Context()); err != nil || budget.open != 1 {
			t.Errorf("after one was closed: %v, %d are open", err, budget.open)
		}
	})
}

func TestTurnsAreResized(t *testing.T) {
	turns := newTurns(3)
	holders := callers(t, turns, "acme", 3)
	turns.resize(1)
	waits := call(turns, "rival", 0)
	turns.release(holders[0].queue)
	turns.release(holders[1].queue)
	if waits.granted() {
		t.Error("a caller has a turn while one of one is held")
	}
	turns.release(holders[2].queue)
	mustHave(t, turns, waits, "the caller that waits, once all were given back")
	second := call(turns, "rival", 0)
	if second.granted() {
		t.Error("a second caller has the one turn")
	}
	turns.resize(2)
	mustHave(t, turns, second, "the second caller, once there are two")
	checkInvariants(t, turns, 2)
}
