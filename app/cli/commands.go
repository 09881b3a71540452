package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// command is a command of the program.
type command struct {
	name    string
	args    string // after the name, for the usage line
	summary string
	details string // further text of the command's --help, in lines of at most 100 columns
	run     func(ctx context.Context, c console, args []string) error
}

// commands lists all commands: the program's own, then the product's.
func (c console) commands() []command {
	all := []command{
		{"serve", "[--memory] [--mixed] [--expose] [--without-file-isolation]", "serve the API; unconfigured parts are built in (the default)", serveDetails, serve},
		{"setup", "[--patience TIME] [--new-installation]", "make or upgrade the database, its schemas and roles; may be repeated", setupDetails, setup},
		{"migrate status", "", "list the tenants that are behind this program's migrations", migrateDetails, migrateStatus},
		{"smoke", "--url URL [--code CODE] [--wait DURATION]", "walk the whole story against a running server", smokeDetails, smoke},
		{"tenants create", "ID [--name NAME] [--owner SUB]", "create a tenant, as the operator", createDetails, createTenant},
		{"tenants list", "", "list all tenants", listDetails, listTenants},
		{"tenants claim", "ID --token TOKEN --owner SUB", "make a user the first owner of a tenant", claimDetails, claimTenant},
		{"doctor", "[--quiet]", "look for likely mistakes, and report how to fix each", doctorDetails, runDoctor},
		{"config", "", "show the configuration in force, secrets masked", configDetails, showConfig},
		{"version", "", "show the version", "", showVersion},
	}
	for _, own := range c.program.Commands {
		all = append(all, own.command())
	}
	return all
}

const (
	serveDetails = `  --memory  keep everything in memory: nothing is left at the end, and no other process sees it
  --mixed   allow real parts next to built-in ones, which is what a forgotten variable looks like
  --expose  allow built-in parts on an address that other machines reach
  --without-file-isolation  allow an object store that lets a member reach other tenants' files, such as
            an emulator that doesn't verify signatures; serve tries any store but Amazon's

SIGINT (Ctrl-C) and SIGTERM stop it orderly, within 10 s.
`
	setupDetails = `  --new-installation  for a copy of an installation's database on the same server: give it a name, logins,
                      roles and grants of its own, and leave the original alone
  --patience  how long to try again what waits for the locks of other sessions, such as 30s or 10m; 1m

Run it before the first start on a database of your own, after an upgrade, and after a change of
DB_PASSWORD or DB_GATE_SECRET. A private database needs none: serve sets it up.

It makes a tenant for trial first, and undoes it, so that a migration that fails is found before any tenant has
it. A tenant that fails keeps no other: setup names it and the file, goes on, and exits 1. Meanwhile that tenant
is answered 503, and all others are served. The next setup goes on from there.
`
	migrateDetails = `It shows how far each of them is, and why the newest setup brought it no further. It exits 1 if there are any, or
if the newest setup found that no tenant can be made.
`
	smokeDetails = `  --url   the server, such as http://localhost:3000
  --code  the confirmation code, for an emulator that gives everybody the same one
  --wait  how long the server may take to be ready, such as 1m; otherwise 10s

The server needs TENANT_CREATION=open and must let new users in without a mailed code, or with --code.
A tenant, a user and a small file are left behind, named smoke-...
`
	createDetails = `  ID       2 to 48 of a-z, 0-9 and "-"; never given out again once the tenant has an owner
  --name   the tenant's display name; otherwise its ID
  --owner  the "sub" of the user who owns it, as GET /auth/me shows it to them. Without it, the tenant
           is whose who redeems the token that is printed
`
	listDetails = `It shows the configured database, or the private one below DATA_DIR: not that of a server which
runs with --memory.
`
	claimDetails = `  --token  the claim token that the creation gave out
  --owner  the "sub" of the user who shall own it, as GET /auth/me shows it to them
`
	doctorDetails = `  --quiet  print nothing about what is well

It looks at the configuration and at all that isn't built in: the database, the user pool, the bucket and
the mail. It changes nothing, but makes a few objects below .partywall/ in the bucket and deletes them. It
exits 1 if something must be fixed. docs/production.md lists the checks.
`
	configDetails = `It prints a .env file, and above each empty variable what is in force instead. A variable of the
environment wins over the same one in .env.
`
)

// choose returns the command that args begin with.
func (c console) choose(args []string) (command, []string, error) {
	if len(args) == 0 {
		return c.commands()[0], nil, nil
	}
	switch first := args[0]; {
	case isHelp(first):
		return command{}, nil, flag.ErrHelp
	case first == "--version" || first == "-version":
		args = slices.Concat([]string{"version"}, args[1:])
	case strings.HasPrefix(first, "-"):
		return c.commands()[0], args, nil
	}
	siblings := c.family(args[0])
	for _, cmd := range siblings {
		words := strings.Fields(cmd.name)
		if len(words) <= len(args) && slices.Equal(args[:len(words)], words) {
			return cmd, args[len(words):], nil
		}
	}
	switch {
	case len(siblings) == 0:
		return command{}, nil, misuseError{fmt.Sprintf("there is no command %q", args[0])}
	case len(args) > 1 && isHelp(args[1]):
		return command{name: args[0]}, nil, flag.ErrHelp
	}
	reason := args[0] + " needs " + lastWords(siblings)
	if len(args) > 1 {
		reason += fmt.Sprintf(", not %q", args[1])
	}
	return command{name: args[0]}, nil, misuseError{reason}
}

func isHelp(arg string) bool {
	return slices.Contains([]string{"--help", "-help", "-h", "help"}, arg)
}

// family returns the commands whose name begins with the word first.
func (c console) family(first string) []command {
	return slices.DeleteFunc(c.commands(), func(cmd command) bool { return strings.Fields(cmd.name)[0] != first })
}

// lastWords enumerates what may follow the first word of commands, such as "create, list or claim".
func lastWords(commands []command) string {
	var words []string
	for _, cmd := range commands {
		fields := strings.Fields(cmd.name)
		words = append(words, fields[len(fields)-1])
	}
	return enumerate(words, "or")
}

// usage returns the help of cmd. If cmd is only the first word of several commands, it is
// their help; if cmd is zero, the program's.
func (c console) usage(cmd command) string {
	var b strings.Builder
	if cmd.run != nil {
		fmt.Fprintf(&b, "usage: %s %s\n\n%s\n", c.program.Name, cmd.line(), cmd.summary)
		if cmd.details != "" {
			b.WriteString("\n" + cmd.details)
		}
		return b.String()
	}
	shown := c.commands()
	if cmd.name != "" {
		shown = c.family(cmd.name)
	}
	fmt.Fprintf(&b, "usage: %s [command]\n\n", c.program.Name)
	for _, cmd := range shown {
		fmt.Fprintf(&b, "  %-45s  %s\n", cmd.line(), cmd.summary)
	}
	fmt.Fprintf(&b, "\nSee \"%s COMMAND --help\" for what the flags mean. The configuration is read from the environment\n"+
		"and from .env in this folder; the environment wins. See .env.example.\n", c.program.Name)
	return b.String()
}

func (cmd command) line() string { return strings.TrimSpace(cmd.name + " " + cmd.args) }

// enumerate joins words with commas, and the last one with conjunction.
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
