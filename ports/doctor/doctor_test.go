package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/ports/doctor"
)

func TestRun(t *testing.T) {
	always := func(found doctor.Finding) func(context.Context) (doctor.Finding, error) {
		return func(context.Context) (doctor.Finding, error) { return found, nil }
	}
	checks := []doctor.Check{
		{Name: "first", Run: always(doctor.Pass("good"))},
		{Name: "second", Needs: "first", Run: always(doctor.Fail("bad", "fix it"))},
		{Name: "third", Needs: "second", Run: always(doctor.Pass("good"))},
		{Name: "fourth", Needs: "third", Run: always(doctor.Pass("good"))},
		{Name: "fifth", Run: func(context.Context) (doctor.Finding, error) { return doctor.Finding{}, errors.New("no\nanswer") }},
		{Name: "sixth", Run: always(doctor.Warn("doubtful", "choose another"))},
	}
	findings := doctor.Run(t.Context(), checks)
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
		if got := findings[1]; got.Severity != doctor.Error || got.Summary != "bad; for that, not looked at: third, fourth" || got.Fix != "fix it" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an error is a finding of one line", func(t *testing.T) {
		if got := findings[2]; got.Severity != doctor.Error || !strings.Contains(got.Summary, "no answer") || got.Fix == "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a check has a deadline", func(t *testing.T) {
		doctor.Run(t.Context(), []doctor.Check{{Name: "slow", Run: func(ctx context.Context) (doctor.Finding, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("it may take as long as it likes")
			}
			return doctor.Pass(""), nil
		}}})
	})
}
