package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/partywall-go/partywall/domain"
)

// Main runs the program with the arguments and the streams of the process, until
// it ends or is told to by SIGINT or SIGTERM, and exits.
func Main(p Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run is [Main] without the process: it returns the exit code once the command
// that args name has ended. Results go to out, everything else to errs; a command
// that serves ends with ctx.
func (p Program) Run(ctx context.Context, args []string, out, errs io.Writer) int {
	p.Name = cmp.Or(p.Name, stockName)
	return run(ctx, args, console{out, errs, p})
}

// console is where a command of the program speaks: results on out, everything
// else on err.
type console struct {
	out, err io.Writer
	program  Program
}

func (c console) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// The exit codes: a failure names what went wrong in one line, a misuse shows the usage.
const (
	exitOK      = 0
	exitFailure = 1
	exitMisuse  = 2
)

func run(ctx context.Context, args []string, c console) int {
	cmd, rest, err := c.choose(args)
	if err == nil {
		err = loadDotEnv(c)
	}
	if err == nil {
		err = cmd.run(ctx, c, rest)
	}
	misuse, isMisuse := errors.AsType[misuseError](err)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.out, c.usage(cmd))
		return exitOK
	case isMisuse:
		fmt.Fprintf(c.err, "%s: %s\n\n%s", c.program.Name, misuse.reason, c.usage(cmd))
		return exitMisuse
	}
	for _, line := range describe(err) {
		fmt.Fprintf(c.err, "%s: %s\n", c.program.Name, line)
	}
	return exitFailure
}

// misuseError is a command line that isn't understood.
type misuseError struct{ reason string }

func (e misuseError) Error() string { return e.reason }

// parseFlags reads flags wherever they stand, and returns what is left, which
// must be as many arguments as there are names.
func parseFlags(flags *flag.FlagSet, args []string, names ...string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var found []string
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, misuseError{doubleDash(err.Error())}
		}
		if flags.NArg() == 0 {
			break
		}
		found, args = append(found, flags.Arg(0)), flags.Args()[1:]
	}
	switch {
	case len(found) < len(names):
		return nil, misuseError{names[len(found)] + " is missing"}
	case len(found) > len(names):
		return nil, misuseError{fmt.Sprintf("%q isn't understood", found[len(names)])}
	}
	return found, nil
}

// doubleDash writes the flag in a message of package flag as the usage does.
func doubleDash(message string) string {
	return strings.NewReplacer(": -", ": --", " for -", " for --").Replace(message)
}

// describe makes one line of each mistake in err.
func describe(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, e := range joined.Unwrap() {
			lines = append(lines, describe(e)...)
		}
		return lines
	}
	if e, ok := err.(*domain.Error); ok { //nolint:errorlint // a wrapped one has more to say
		if cause, refused := errors.AsType[*domain.Error](e.Err); refused && cause.Kind == domain.Internal {
			return describe(cause) // a refusal that callers of the API can't read says it all
		}
		line := e.Message
		if e.Field != "" {
			line = e.Field + ": " + line
		}
		if e.Err != nil {
			line += ": " + e.Err.Error()
		}
		return []string{line}
	}
	return []string{err.Error()}
}
