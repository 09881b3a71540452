package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/partywall-go/partywall/domain"
)

// command is a command of the program.
type command struct {
	name    string // the last word of the words that name it
	args    string // its arguments, such as "ID SUB": each is needed, but for those in brackets, which come first
	summary string
	details string // further text of its --help
	flags   []option
	run     func(ctx context.Context, c console, cmd invocation) error // nil: a command below it has to be named
	raw     bool                                                       // run parses the arguments and the flags itself
	below   []command
}

// build returns the command, with those below it, as the library has it.
func (cmd command) build(c console) *cobra.Command {
	built := &cobra.Command{
		Use:                strings.TrimSpace(cmd.name + " " + cmd.args),
		Short:              cmd.summary,
		Long:               strings.TrimSpace(cmd.summary + "\n\n" + cmd.details),
		Args:               cobra.ArbitraryArgs, // action reports missing and extra arguments
		DisableFlagParsing: cmd.raw,
		ValidArgsFunction:  cobra.NoFileCompletions,
		RunE:               needsCommand,
	}
	if cmd.raw {
		built.RunE = c.rawAction(cmd.run)
	} else if cmd.run != nil {
		built.RunE = c.action(cmd.run, strings.Fields(cmd.args)...)
	}
	for _, add := range cmd.flags {
		add(built.Flags())
	}
	built.Use += usageOfRequired(built.Flags())
	for _, sub := range cmd.below {
		built.AddCommand(sub.build(c))
	}
	return built
}

// invocation is a command with the arguments and the flags that were typed.
type invocation struct {
	*cobra.Command
	args []string
}

// arg returns the argument at n, which the command needs.
func (i invocation) arg(n int) string { return i.args[n] }

// Bool returns the value of a flag, and false where the command has no such flag.
func (i invocation) Bool(name string) bool {
	value, err := i.Flags().GetBool(name)
	return value && err == nil
}

// String returns the value of a flag of the command.
func (i invocation) String(name string) string { return i.Flags().Lookup(name).Value.String() }

// Int returns the value of a flag of the command.
func (i invocation) Int(name string) int { return domain.Must(i.Flags().GetInt(name)) }

// Strings returns the values of a flag of the command.
func (i invocation) Strings(name string) []string {
	return domain.Must(i.Flags().GetStringArray(name))
}

// Duration returns the value of a flag of the command.
func (i invocation) Duration(name string) time.Duration {
	return domain.Must(i.Flags().GetDuration(name))
}

// action returns the action of a command that takes one argument for each of names. Those
// in brackets may be left out.
func (c console) action(run func(ctx context.Context, c console, cmd invocation) error, names ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		needed := slices.DeleteFunc(slices.Clone(names), isOptional)
		switch {
		case len(args) < len(needed):
			return misuse(cmd, "%s is missing", needed[len(args)])
		case len(args) > len(names):
			return misuse(cmd, "%q isn't understood", args[len(names)])
		}
		if err := refuseMissing(cmd); err != nil {
			return err
		}
		if err := refuseEmpty(cmd); err != nil {
			return err
		}
		return c.start(run, invocation{cmd, args})
	}
}

// isOptional reports whether an argument with the name may be left out.
func isOptional(name string) bool { return strings.HasPrefix(name, "[") }

// start reads .env and runs a command.
func (c console) start(run func(ctx context.Context, c console, cmd invocation) error, cmd invocation) error {
	if err := loadDotEnv(c); err != nil {
		return err
	}
	return run(domain.WithRequestInfo(cmd.Context(), domain.RequestInfo{ID: rand.Text()}), c, cmd)
}

// needsCommand is the action of a command that does nothing without one of the commands
// below it.
func needsCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == "help" {
		return printHelp(cmd, args[1:])
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	reason := cmd.Name() + " needs " + enumerate(names, "or")
	if len(args) > 0 {
		reason += fmt.Sprintf(", not %q", args[0])
	}
	return misuse(cmd, "%s", reason)
}

// showHelp is the action of the command help.
func showHelp(cmd *cobra.Command, args []string) error { return printHelp(cmd.Root(), args) }

// printHelp prints the help of the command that path names below cmd.
func printHelp(cmd *cobra.Command, path []string) error {
	found, rest, err := cmd.Find(path)
	if err != nil || len(rest) > 0 {
		return unknown(cmd, path)
	}
	found.InitDefaultHelpFlag() // the library adds it to the command that is executed alone
	return found.Help()
}

// unknown refuses words that name no command below cmd.
func unknown(cmd *cobra.Command, words []string) error {
	reason := fmt.Sprintf("there is no command %q", words[0])
	if likely := cmd.SuggestionsFor(words[0]); len(likely) > 0 {
		reason += "; is " + enumerate(likely, "or") + " meant?"
	}
	return misuse(cmd, "%s", reason)
}

// enumerate joins words with commas, and the last one with conjunction.
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
