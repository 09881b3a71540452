// Package cli is the command line of Partywall, for a product to have under its
// own name, with its migrations, its hooks and its configuration:
//
//	func main() { cli.Main(cli.Program{Name: "invoices", Configure: product, Handler: routes}) }
//
// Its commands are serve (the default), setup, migrate, doctor, smoke, tenants, config
// and version, and those that the product adds. The configuration is read from the
// environment, and from .env in the folder where the program starts.
//
// A command exits with 0. A failure exits with 1 and a line that says what to do,
// a command line that isn't understood with 2 and the usage.
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

	"github.com/partywall-go/partywall/app"
)

// Program is a command line. The zero Program is Partywall's own.
type Program struct {
	// Name is what operators type, such as "invoices"; empty is "partywall". The
	// texts of the program say it where they name a command to run.
	Name string

	// Configure returns the configuration of the environment with what is the
	// product's: migrations, hooks, the subdomain. Every command uses it. Nil
	// returns it as it is.
	Configure func(app.Config) app.Config

	// Handler returns what serve serves: the product's routes, with pw.Handler()
	// mounted at the path of Config.PublicURL. Nil serves pw.Handler() alone.
	Handler func(pw *app.Partywall) http.Handler

	// Variables are the names of the environment variables that the product itself
	// reads. In .env, a name that is near one of these or of ours, or begins as ours
	// do, is taken for a mistyped one and refused.
	Variables []string

	// Commands are the product's own, such as the run of a job.
	Commands []Command
}

// Command is a product's own command.
type Command struct {
	Name    string // one or two words, such as "bill" or "plans list"
	Args    string // what follows it in the usage line, such as "[--month MONTH]"
	Summary string // one line for the list of commands
	Details string // what --help of the command shows besides; empty: nothing

	// Run does the work, on an installation that ends when Run returns. Its args are
	// what follows the name. It writes results to out. It returns [flag.ErrHelp] for
	// the help, [Misuse] for arguments that it does not understand, and any other
	// error for a failure.
	Run func(ctx context.Context, pw *app.Partywall, args []string, out io.Writer) error
}

// Misuse returns the error of a command line that isn't understood: the program
// prints the reason and the command's usage, and exits with 2.
func Misuse(format string, args ...any) error { return misuseError{fmt.Sprintf(format, args...)} }

// stockName is the name of the zero Program.
const stockName = "partywall"

// title is how the banner calls the program.
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

// command makes ours of a product's.
func (own Command) command() command {
	return command{own.Name, own.Args, own.Summary, own.Details, own.run}
}

// run opens the installation for the product's command. The help needs none.
func (own Command) run(ctx context.Context, c console, args []string) (err error) {
	if slices.ContainsFunc(args, func(arg string) bool { return arg != "help" && isHelp(arg) }) {
		return flag.ErrHelp
	}
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

// mount is the path at which serve has the API, without a slash at its end. A
// proxy in front of the stock program may have stripped it from PUBLIC_URL.
func (p Program) mount(cfg app.Config) string {
	if p.Handler == nil || cfg.PublicURL == nil {
		return ""
	}
	return strings.TrimRight(cfg.PublicURL.Path, "/")
}
