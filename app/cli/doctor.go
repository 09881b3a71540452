package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/ports/doctor"
)

// runDoctor prints the findings of the checks, and fails if something must be fixed.
func runDoctor(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	quiet := flags.Bool("quiet", false, "print nothing about what is well")
	if _, err := parseFlags(flags, args); err != nil {
		return err
	}
	findings := runChecks(ctx, c)
	count := map[doctor.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
		if f.Severity != doctor.OK || !*quiet {
			c.printf("%-8s %-22s %s\n", f.Severity, f.Check, f.Summary)
		}
		if f.Fix != "" {
			c.printf("%31s fix: %s\n", "", f.Fix)
		}
	}
	c.printf("%s: %s, %s\n", plural(len(findings), "check"), plural(count[doctor.Error], "error"), plural(count[doctor.Warning], "warning"))
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

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
