package pgtest

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// RunChecks returns the findings of all checks, by their checks.
func RunChecks(t testing.TB, cfg postgres.Config) map[string]doctor.Finding {
	t.Helper()
	return RunChecksAt(t, cfg, 0)
}

// RunChecksAt is RunChecks with a clock that is ahead.
func RunChecksAt(t testing.TB, cfg postgres.Config, ahead time.Duration) map[string]doctor.Finding {
	t.Helper()
	findings := map[string]doctor.Finding{}
	for _, f := range postgres.RunChecks(t.Context(), cfg, func() time.Time { return time.Now().Add(ahead) }) {
		if _, twice := findings[f.Check]; twice {
			t.Errorf("%s is found twice", f.Check)
		}
		if (f.Severity == doctor.OK) != (f.Fix == "") || f.Summary == "" || strings.Contains(f.Summary+f.Fix, "\n") {
			t.Errorf("a finding says what is wrong, and how to fix it, in a line: %+v", f)
		}
		for _, secret := range []domain.Secret{cfg.Password, cfg.GateSecret} {
			if !secret.IsZero() && strings.Contains(f.Summary+f.Fix, secret.Reveal()) {
				t.Errorf("%s shows a secret", f.Check)
			}
		}
		findings[f.Check] = f
	}
	return findings
}

// MustFind fails unless one check has the finding, and only the checks that are
// named complain beside it.
func MustFind(t testing.TB, cfg postgres.Config, check string, severity doctor.Severity, says string, others ...string) {
	t.Helper()
	MustHave(t, RunChecks(t, cfg), check, severity, says, others...)
}

// MustHave is [MustFind] in findings.
func MustHave(t testing.TB, findings map[string]doctor.Finding, check string, severity doctor.Severity, says string, others ...string) {
	t.Helper()
	if got := findings[check]; got.Severity != severity || !strings.Contains(got.Summary+" / "+got.Fix, says) {
		t.Errorf("want %s %q of %s, got %+v", severity, says, check, got)
	}
	expected := " database-durability " + check + " " + strings.Join(others, " ") + " " // the tests' server is a hasty one
	for name, f := range findings {
		if f.Severity != doctor.OK && !strings.Contains(expected, " "+name+" ") {
			t.Errorf("it also finds %+v", f)
		}
	}
}
