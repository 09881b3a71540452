package ports_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/ports"
)

func TestExamine(t *testing.T) {
	always := func(found ports.Finding) func(context.Context) (ports.Finding, error) {
		return func(context.Context) (ports.Finding, error) { return found, nil }
	}
	checks := []ports.Check{
		{Name: "first", Look: always(ports.Fine("good"))},
		{Name: "second", Needs: "first", Look: always(ports.Fail("bad", "mend it"))},
		{Name: "third", Needs: "second", Look: always(ports.Fine("good"))},
		{Name: "fourth", Needs: "third", Look: always(ports.Fine("good"))},
		{Name: "fifth", Look: func(context.Context) (ports.Finding, error) { return ports.Finding{}, errors.New("no\nanswer") }},
		{Name: "sixth", Look: always(ports.Warn("doubtful", "choose another"))},
	}
	findings := ports.Examine(t.Context(), checks)
	t.Run("each finding bears its check's name, in order", func(t *testing.T) {
		var names []string
		for _, f := range findings {
			names = append(names, f.Check)
		}
		if want := []string{"first", "second", "fifth", "sixth"}; !slices.Equal(names, want) {
			t.Fatalf("got %v, want %v", names, want)
		}
	})
	t.Run("what can't be made for want of another is named in that one", func(t *testing.T) {
		if got := findings[1]; got.Severity != ports.SeverityError || got.What != "bad; for that, not looked at: third, fourth" || got.Mend != "mend it" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an error is a finding of one line", func(t *testing.T) {
		if got := findings[2]; got.Severity != ports.SeverityError || !strings.Contains(got.What, "no answer") || got.Mend == "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a check has a deadline", func(t *testing.T) {
		ports.Examine(t.Context(), []ports.Check{{Name: "slow", Look: func(ctx context.Context) (ports.Finding, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("it may take as long as it likes")
			}
			return ports.Fine(""), nil
		}}})
	})
}
