package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// commands returns all commands: the program's own, then the product's.
func (c console) commands() []command {
	all := stockCommands()
	for _, own := range c.program.Commands {
		all = insert(all, strings.Fields(own.Name), own.command())
	}
	return all
}

// stockCommands returns the program's own commands.
func stockCommands() []command {
	return []command{
		serveCommand(),
		setupCommand(),
		migrateCommand(),
		gatesCommand(),
		smokeCommand(),
		tenantsCommand(),
		membersCommand(),
		invitationsCommand(),
		eventsCommand(),
		doctorCommand(),
		configCommand(),
		versionCommand(),
	}
}

// insert adds a product's command below those that path names before its last word.
func insert(all []command, path []string, own command) []command {
	at := slices.IndexFunc(all, func(cmd command) bool { return cmd.name == path[0] })
	if at < 0 {
		at, all = len(all), append(all, command{name: path[0], summary: "commands of the product"})
	}
	if len(path) == 1 {
		own.below = all[at].below
		all[at] = own
		return all
	}
	all[at].below = insert(all[at].below, path[1:], own)
	return all
}

// root returns the program as one command. Without the name of a command it serves.
func (c console) root() *cobra.Command {
	serve, version := serveCommand(), versionCommand()
	root := command{
		name:    c.program.Name,
		summary: "a backend in which every tenant has a database schema, members and files of its own",
		details: "Without a command it serves. The configuration is read from the environment and from .env in\n" +
			"this folder; the environment wins. See .env.example.",
		flags: append(serve.flags, boolFlag("version", "show the version")),
		below: c.commands(),
	}.build(c)
	serves, shows := c.action(serve.run), c.action(version.run)
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknown(cmd, args)
		}
		if (invocation{Command: cmd}).Bool("version") {
			return shows(cmd, nil)
		}
		return serves(cmd, nil)
	}
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misuse(cmd, "%s", err) })
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "show the help of a command", RunE: showHelp})
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Short, completion.Args, completion.RunE = "print a script that completes commands and flags in a shell", cobra.ArbitraryArgs, needsCommand
	}
	return root
}
