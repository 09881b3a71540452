package ports

import (
	"context"
	"strings"
	"time"
)

// Severity says what a finding asks of the operator.
type Severity string

// The severities: nothing to do; look at it; it doesn't work, or isn't safe.
const (
	SeverityOK      Severity = "ok"
	SeverityWarning Severity = "warning"
	SeverityError   Severity = "error"
)

// Finding is what one check of an installation came to. It holds no secret.
type Finding struct {
	Check    string // its name
	Severity Severity
	What     string // was found, in one line
	Mend     string // the command to run or the variable to set; empty where nothing is to be mended
}

// Fine finds nothing to mend.
func Fine(what string) Finding { return Finding{Severity: SeverityOK, What: what} }

// Warn finds what should be looked at.
func Warn(what, mend string) Finding {
	return Finding{Severity: SeverityWarning, What: what, Mend: mend}
}

// Fail finds what doesn't work, or isn't safe.
func Fail(what, mend string) Finding {
	return Finding{Severity: SeverityError, What: what, Mend: mend}
}

// Check looks for one mistake in an installation. It changes nothing.
type Check struct {
	Name  string // such as "database-version"; it doesn't change
	About string // what is looked at, in a few words
	Needs string // an earlier check of the same table that must be fine to make this one; empty: none

	// Look returns a finding without its name, or why nothing could be found out.
	Look func(ctx context.Context) (Finding, error)
}

// CheckInfo describes a check to a reader.
type CheckInfo struct {
	Name  string // of the check and of its finding
	About string // what is looked at, in a few words
}

// Describe returns what checks look at, in their order, without the means to look.
func Describe(checks []Check) []CheckInfo {
	infos := make([]CheckInfo, len(checks))
	for i, c := range checks {
		infos[i] = CheckInfo{c.Name, c.About}
	}
	return infos
}

// checkTimeout is how long one check may take.
const checkTimeout = 10 * time.Second

// Examine makes all checks in their order. Those that can't be made for want of
// another are named in that one's finding.
func Examine(ctx context.Context, checks []Check) []Finding {
	var findings []Finding
	cause := map[string]int{} // by check: the index of the finding that keeps others from being made
	left := map[int][]string{}
	for _, c := range checks {
		if i, isLeft := cause[c.Needs]; isLeft {
			cause[c.Name], left[i] = i, append(left[i], c.Name)
			continue
		}
		found := c.run(ctx)
		if found.Severity != SeverityOK {
			cause[c.Name] = len(findings)
		}
		findings = append(findings, found)
	}
	for i, names := range left {
		findings[i].What += "; for that, not looked at: " + strings.Join(names, ", ")
	}
	return findings
}

func (c Check) run(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, err := c.Look(ctx)
	if err != nil {
		found = Fail("it can't be looked at: "+strings.ReplaceAll(err.Error(), "\n", " "), "mend what the error names, and look again")
	}
	found.Check = c.Name
	return found
}
