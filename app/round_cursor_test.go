package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func idOf(n int) domain.TenantID {
	return domain.Must(domain.ParseTenantID(fmt.Sprintf("t%04d", n)))
}

func TestARoundCursorSurvivesItsText(t *testing.T) {
	for text, want := range map[string]RoundCursor{
		"":                  {},
		"t0007":             {After: idOf(7)},
		"t0007,t0003,t0005": {After: idOf(7), Failed: []domain.TenantID{idOf(3), idOf(5)}},
	} {
		got, err := ParseRoundCursor(text)
		if err != nil || got.After != want.After || !slices.Equal(got.Failed, want.Failed) || got.String() != text || got.IsZero() != (text == "") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		stored := domain.Must(json.Marshal(map[string]RoundCursor{"cursor": got}))
		var read map[string]RoundCursor
		if err := json.Unmarshal(stored, &read); err != nil || read["cursor"].String() != text {
			t.Errorf("%s: %+v, %v", stored, read, err)
		}
	}
	for _, text := range []string{",", "t0007,", ",t0007", "T7", "t0007;t0008", " t0007", "t0007, t0003"} {
		if got, err := ParseRoundCursor(text); !errors.Is(err, domain.Invalid) || !got.IsZero() {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// TestACursorPassesOnlyWhatEnded ends visits in random orders. After each, the cursor must
// be the longest prefix of visits that ended, with those that failed.
func TestACursorPassesOnlyWhatEnded(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, seed))
	for range 2000 {
		n := 1 + random.IntN(12)
		var order roundOrder
		visits := make([]*visit, n)
		for i := range visits {
			visits[i] = &visit{tenant: domain.Tenant{ID: idOf(i)}}
			order.begin(visits[i])
		}
		var earlier []RoundCursor
		var texts []string
		for _, i := range random.Perm(n) {
			visits[i].outcome = []outcome{done, skipped, failed, interrupted}[random.IntN(4)]
			order.end(visits[i])
			var want RoundCursor
			for _, v := range visits {
				if v.outcome == running || v.outcome == interrupted {
					break
				}
				want.After = v.tenant.ID
				if v.outcome == failed {
					want.Failed = append(want.Failed, v.tenant.ID)
				}
			}
			if order.cursor.String() != want.String() {
				t.Fatalf("seed %d: the cursor is %q, want %q", seed, order.cursor, want)
			}
			earlier, texts = append(earlier, order.cursor), append(texts, want.String())
		}
		for i, c := range earlier {
			if c.String() != texts[i] {
				t.Fatalf("seed %d: the cursor %q became %q", seed, texts[i], c)
			}
		}
	}
}

func TestAResumedRoundForgetsTheTenantsThatNoLongerFail(t *testing.T) {
	failures := []domain.TenantID{idOf(1), idOf(2), idOf(3), idOf(4)}
	order := roundOrder{cursor: RoundCursor{After: idOf(9), Failed: failures}}
	for i, o := range []outcome{done, failed, skipped, interrupted} {
		v := &visit{tenant: domain.Tenant{ID: failures[i]}, again: true}
		order.begin(v)
		v.outcome = o
		order.end(v)
	}
	if got := order.cursor.String(); got != "t0009,t0002,t0004" {
		t.Errorf("the cursor is %q", got)
	}
	if !slices.Equal(failures, []domain.TenantID{idOf(1), idOf(2), idOf(3), idOf(4)}) {
		t.Errorf("the caller's cursor has become %v", failures)
	}
}
