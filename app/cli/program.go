// Package cli is the command line of Partywall. A product uses it under its
// own name, with its migrations, its hooks and its configuration:
//
//	func main() { cli.Main(cli.Program{Name: "invoices", Configure: product, Handler: routes}) }
//
// Its commands are serve (the default), setup, migrate, doctor, smoke, tenants, config
// and version, and those that the product adds. The configuration is read from the
// environment, and from .env in the folder where the program starts.
//
// A command exits with 0. A failure exits with 1 and a line that names what to do. An
// invalid command line exits with 2 and a line that names the help.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/partywall-go/partywall/app"
)

// Program is a command line. The zero Program is Partywall's own.
type Program struct {
	// Name is the name that operators type, such as "invoices". Empty means "partywall".
	// Messages that advise a command contain it.
	Name string

	// Configure returns the environment's configuration with the
	// product's additions: migrations, hooks, the subdomain. Every command uses it. If nil,
	// the configuration is not changed.
	Configure func(app.Config) app.Config

	// Handler returns the handler for serve: the product's routes, with pw.Handler()
	// mounted at the path of Config.PublicURL. If nil, serve uses only pw.Handler().
	Handler func(pw *app.Partywall) http.Handler

	// Variables are the names of the environment variables that the product itself
	// reads. In .env, a name that resembles one of these or of Partywall's, or has a prefix
	// of Partywall's, is refused as mistyped.
	Variables []string

	// Commands are the product's own, such as the run of a job. With one that cannot be run,
	// or has the name of another command, the program refuses to do anything.
	Commands []Command
}

// Command is a product's own command.
type Command struct {
	Name    string // one or two words, such as "bill" or "plans list", that name no command of Partywall's
	Args    string // what follows it in the usage line, such as "[--month MONTH]"
	Summary string // one line for the list of commands
	Details string // further text of the command's --help; may be empty

	// Run executes the command on an installation that is closed when Run returns. args
	// follow the name. Run writes results to out. It returns [flag.ErrHelp] to print
	// the help, [Misuse] for invalid arguments, and any other
	// error for a failure.
	Run func(ctx context.Context, pw *app.Partywall, args []string, out io.Writer) error
}

// Misuse returns the error of an invalid command line. The program
// prints the reason and the line that shows the command's help, and exits with 2.
func Misuse(format string, args ...any) error {
	return misuseError{reason: fmt.Sprintf(format, args...)}
}

// stockName is the name of the zero Program.
const stockName = "partywall"

// title returns the program's name in the banner.
func (p Program) title() string {
	if p.Name == stockName {
		return "Partywall"
	}
	return p.Name
}

func (p Program) configure(cfg app.Config) app.Config {
	if p.Name != stockName {
		cfg.Program = p.Name
	}
	if p.Configure == nil {
		return cfg
	}
	return p.Configure(cfg)
}

func (p Program) handler(pw *app.Partywall) http.Handler {
	if p.Handler == nil {
		return pw.Handler()
	}
	return p.Handler(pw)
}

// command converts a product's command, which parses its arguments itself.
func (own Command) command() command {
	words := strings.Fields(own.Name)
	return command{
		name:    words[len(words)-1],
		args:    own.Args,
		summary: own.Summary,
		details: strings.TrimSpace(own.Details),
		run:     func(ctx context.Context, c console, cmd invocation) error { return own.run(ctx, c, cmd.args) },
		raw:     true,
	}
}

// rawAction returns the action of a command that parses its arguments itself.
func (c console) rawAction(run func(ctx context.Context, c console, cmd invocation) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if slices.ContainsFunc(args, isHelp) {
			return cmd.Help()
		}
		err := c.start(run, invocation{cmd, args})
		if wrong, ok := errors.AsType[misuseError](err); ok {
			return misuse(cmd, "%s", wrong.reason)
		}
		if errors.Is(err, flag.ErrHelp) {
			return cmd.Help()
		}
		return err
	}
}

func isHelp(arg string) bool { return slices.Contains([]string{"--help", "-help", "-h"}, arg) }

// run opens the installation for the product's command.
func (own Command) run(ctx context.Context, c console, args []string) (err error) {
	cfg, err := c.config(c.err)
	if err != nil {
		return err
	}
	pw, err := app.New(ctx, cfg)
	if err != nil {
		return aboutDataDir(cfg, err)
	}
	defer func() { err = errors.Join(err, pw.Close()) }()
	return own.Run(ctx, pw, args, c.out)
}

// mount returns the path of the API in serve, without a slash at its end. A
// proxy in front of the stock program may have removed it from PUBLIC_URL.
func (p Program) mount(cfg app.Config) string {
	if p.Handler == nil || cfg.PublicURL == nil {
		return ""
	}
	return strings.TrimRight(cfg.PublicURL.Path, "/")
}
