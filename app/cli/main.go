package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/partywall-go/partywall/domain"
)

// Main runs the program with the arguments and streams of the process, until
// it ends or receives SIGINT, SIGTERM or SIGHUP, and exits. SIGHUP is ignored if the
// process was started so, as by nohup.
func Main(p Program) {
	tuneCollector()
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	code := p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run is [Main] without the process. It returns the exit code when the command
// in args has ended. It writes results to out, and everything else to errs. A command
// that serves ends when ctx is done.
func (p Program) Run(ctx context.Context, args []string, out, errs io.Writer) int {
	p.Name = cmp.Or(p.Name, stockName)
	return run(ctx, args, console{out, errs, p})
}

// console is the output of a command: results on out, everything
// else on err.
type console struct {
	out, err io.Writer
	program  Program
}

func (c console) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// The exit codes. A failure prints a line that names the reason, a misuse also names the help.
const (
	exitOK      = 0
	exitFailure = 1
	exitMisuse  = 2
)

func run(ctx context.Context, args []string, c console) int {
	err := c.program.checkCommands()
	if err == nil {
		root := c.root()
		root.SetArgs(append([]string{}, args...)) // nil would be the arguments of the process
		err = root.ExecuteContext(ctx)
	}
	wrong, isMisuse := errors.AsType[misuseError](err)
	switch {
	case err == nil:
		return exitOK
	case isMisuse:
		fmt.Fprintf(c.err, "%s: %s; see: %s --help\n", c.program.Name, wrong.reason, wrong.command)
		return exitMisuse
	}
	for _, line := range describe(err) {
		fmt.Fprintf(c.err, "%s: %s\n", c.program.Name, line)
	}
	return exitFailure
}

// misuseError reports an invalid command line.
type misuseError struct {
	command string // whose --help shows what is valid
	reason  string
}

func (e misuseError) Error() string { return e.reason }

// misuse returns a misuseError about cmd.
func misuse(cmd interface{ CommandPath() string }, format string, args ...any) error {
	return misuseError{cmd.CommandPath(), fmt.Sprintf(format, args...)}
}

// describe returns one line for each mistake in err.
func describe(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var lines []string
		for _, e := range joined.Unwrap() {
			lines = append(lines, describe(e)...)
		}
		return lines
	}
	if e, ok := err.(*domain.Error); ok { //nolint:errorlint // the text around a wrapped error matters
		if cause, refused := errors.AsType[*domain.Error](e.Err); refused && cause.Kind == domain.Internal {
			return describe(cause) // this cause is complete, and callers of the API cannot see it
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
