// Package doctor is how an adapter reports the mistakes of an installation: it makes
// a [Check] for each, and [Run] returns a [Finding] of each.
package doctor

import (
	"context"
	"strings"
	"time"
)

// Severity says what a finding asks of the operator.
type Severity string

// The severities: nothing to do; look at it; it doesn't work, or isn't safe.
const (
	OK      Severity = "ok"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Finding is the result of one check of an installation. It contains no secret.
type Finding struct {
	Check    string // its name
	Severity Severity
	Summary  string // what the check found, in one line
	Fix      string // the command to run or the variable to set; empty where the severity is OK
}

// Pass returns a finding that asks for nothing.
func Pass(summary string) Finding { return Finding{Severity: OK, Summary: summary} }

// Warn returns a finding about what the operator should look at.
func Warn(summary, fix string) Finding {
	return Finding{Severity: Warning, Summary: summary, Fix: fix}
}

// Fail returns a finding about what doesn't work, or isn't safe.
func Fail(summary, fix string) Finding {
	return Finding{Severity: Error, Summary: summary, Fix: fix}
}

// Check looks for one mistake in an installation. It changes nothing.
type Check struct {
	Name  string // such as "database-version"; it doesn't change
	About string // what the check looks at, in a few words
	Needs string // an earlier check of the same table that must pass before this one can run; empty: none

	// Run returns a finding without its name. Where it can find nothing out, it
	// returns an error that says why.
	Run func(ctx context.Context) (Finding, error)
}

// Info describes a check to a reader.
type Info struct {
	Name  string // of the check and of its finding
	About string // what the check looks at, in a few words
}

// Describe returns what the checks look at, in their order.
func Describe(checks []Check) []Info {
	infos := make([]Info, len(checks))
	for i, c := range checks {
		infos[i] = Info{c.Name, c.About}
	}
	return infos
}

// timeout is how long one check may take.
const timeout = 10 * time.Second

// Run runs the checks in their order. A check whose need did not pass doesn't run; the
// finding of that need names it.
func Run(ctx context.Context, checks []Check) []Finding {
	var findings []Finding
	cause := map[string]int{} // by check: the index of the finding that keeps others from running
	left := map[int][]string{}
	for _, c := range checks {
		if i, isLeft := cause[c.Needs]; isLeft {
			cause[c.Name], left[i] = i, append(left[i], c.Name)
			continue
		}
		found := c.run(ctx)
		if found.Severity != OK {
			cause[c.Name] = len(findings)
		}
		findings = append(findings, found)
	}
	for i, names := range left {
		findings[i].Summary += "; for that, not looked at: " + strings.Join(names, ", ")
	}
	return findings
}

func (c Check) run(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := c.Run(ctx)
	if err != nil {
		found = Fail("it can't be looked at: "+strings.ReplaceAll(err.Error(), "\n", " "), "fix what the error names, and look again")
	}
	found.Check = c.Name
	return found
}
