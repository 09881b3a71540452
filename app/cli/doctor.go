package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/ports/doctor"
)

func doctorCommand() command {
	return command{
		name:    "doctor",
		summary: "look for likely mistakes, and report how to fix each",
		details: "It looks at the configuration and at all that isn't built in: the database, the user pool, the bucket and\n" +
			"the mail. It changes nothing, but makes a few objects below .partywall/ in the bucket and deletes them. It\n" +
			"exits 1 if something must be fixed. docs/production.md lists the checks.",
		flags: []option{boolFlag("quiet", "leave out the checks that pass"), jsonFlag()},
		run:   runDoctor,
	}
}

type findingObject struct {
	Severity string `json:"severity"`
	Check    string `json:"check"`
	Summary  string `json:"summary"`
	Fix      string `json:"fix,omitempty"`
}

// runDoctor prints the findings of the checks, and fails if something must be fixed.
func runDoctor(ctx context.Context, c console, cmd invocation) error {
	findings := runChecks(ctx, c)
	count := map[doctor.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
		if f.Severity == doctor.OK && cmd.Bool("quiet") {
			continue
		}
		text := fmt.Sprintf("%-8s %-22s %s", f.Severity, f.Check, f.Summary)
		if f.Fix != "" {
			text += fmt.Sprintf("\n%31s fix: %s", "", f.Fix)
		}
		if err := c.result(cmd, findingObject{string(f.Severity), f.Check, f.Summary, f.Fix}, "%s", text); err != nil {
			return err
		}
	}
	if !cmd.Bool("json") {
		c.printf("%s: %s, %s\n", plural(len(findings), "check"), plural(count[doctor.Error], "error"), plural(count[doctor.Warning], "warning"))
	}
	if n := count[doctor.Error]; n > 0 {
		return fmt.Errorf("%s to fix", plural(n, "error"))
	}
	return nil
}

// runChecks checks the installation that the environment describes. If the configuration
// has mistakes, it reports only those.
func runChecks(ctx context.Context, c console) []doctor.Finding {
	cfg, err := c.config(io.Discard)
	if err == nil {
		fine := doctor.Pass("every variable is understood")
		fine.Check = "configuration"
		return slices.Concat([]doctor.Finding{fine}, app.RunChecks(ctx, cfg))
	}
	var mistakes []doctor.Finding
	for _, line := range describe(err) {
		mistakes = append(mistakes, doctor.Finding{Check: "configuration", Severity: doctor.Error, Summary: line, Fix: "set the variable as it says, or as .env.example does"})
	}
	return mistakes
}

func plural(n int, what string) string { return pluralOf(n, what, what+"s") }

func pluralOf(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
