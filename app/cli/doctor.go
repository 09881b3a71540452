package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/ports"
)

// doctor prints what an examination finds, and fails if something must be mended.
func doctor(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	quiet := flags.Bool("quiet", false, "print nothing about what is well")
	if _, err := parseFlags(flags, args); err != nil {
		return err
	}
	findings := examine(ctx, c)
	count := map[ports.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
		if f.Severity != ports.SeverityOK || !*quiet {
			c.printf("%-8s %-22s %s\n", f.Severity, f.Check, f.What)
		}
		if f.Mend != "" {
			c.printf("%31s to mend it: %s\n", "", f.Mend)
		}
	}
	c.printf("%s: %s, %s\n", plural(len(findings), "check"), plural(count[ports.SeverityError], "error"), plural(count[ports.SeverityWarning], "warning"))
	if n := count[ports.SeverityError]; n > 0 {
		return fmt.Errorf("%s to mend", plural(n, "error"))
	}
	return nil
}

// examine looks at the installation that the environment describes; without one
// that is understood there is nothing else to look at.
func examine(ctx context.Context, c console) []ports.Finding {
	cfg, err := c.config(io.Discard)
	if err == nil {
		fine := ports.Fine("every variable is understood")
		fine.Check = "configuration"
		return slices.Concat([]ports.Finding{fine}, app.Examine(ctx, cfg))
	}
	var mistakes []ports.Finding
	for _, line := range describe(err) {
		mistakes = append(mistakes, ports.Finding{Check: "configuration", Severity: ports.SeverityError, What: line, Mend: "set the variable as it says, or as .env.example does"})
	}
	return mistakes
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
