package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	urfave "github.com/urfave/cli/v3"

	"github.com/partywall-go/partywall/domain"
)

// commands returns all commands: the program's own, then the product's.
func (c console) commands() []*urfave.Command {
	all := []*urfave.Command{
		serveCommand(c),
		setupCommand(c),
		group("migrate", "show how far the tenants' migrations are", migrateStatusCommand(c)),
		smokeCommand(c),
		tenantsCommand(c),
		membersCommand(c),
		eventsCommand(c),
		doctorCommand(c),
		configCommand(c),
		versionCommand(c),
	}
	for _, own := range c.program.Commands {
		all = insert(all, strings.Fields(own.Name), own.command(c))
	}
	return all
}

// root returns the program as one command. Without the name of a command it serves.
func (c console) root() *urfave.Command {
	root := serveCommand(c)
	serve, version := root.Action, versionCommand(c).Action
	root.Flags = append(root.Flags, &urfave.BoolFlag{Name: "version", Local: true, Usage: "show the version"})
	root.Name = c.program.Name
	root.Usage = "a backend in which every tenant has a database schema, members and files of its own"
	root.UsageText = c.program.Name + " [command]"
	root.Description = "Without a command it serves. The configuration is read from the environment and from .env in\n" +
		"this folder; the environment wins. See .env.example."
	root.Commands = c.commands()
	root.HideHelpCommand = true // because "help" is also a valid ID of a tenant
	root.EnableShellCompletion = true
	root.ConfigureShellCompletionCommand = func(completion *urfave.Command) {
		completion.Hidden = false
		completion.Usage = "print a script that completes commands and flags in a shell"
		completion.Action = needsCommand
		_ = completion.Walk(explainMisuse)
	}
	root.Writer, root.ErrWriter = c.out, c.err
	root.ExitErrHandler = func(context.Context, *urfave.Command, error) {} // the process ends in Main alone
	root.Action = func(ctx context.Context, cmd *urfave.Command) error {
		switch first := cmd.Args().First(); {
		case first == "help":
			return showHelp(cmd, cmd.Args().Tail())
		case first != "":
			return misuse(cmd, "there is no command %q", first)
		case cmd.Bool("version"):
			return version(ctx, cmd)
		}
		return serve(ctx, cmd)
	}
	_ = root.Walk(explainMisuse)
	return root
}

// explainMisuse makes cmd report the mistakes in its flags as misuse. It returns nil.
func explainMisuse(cmd *urfave.Command) error {
	cmd.OnUsageError = func(_ context.Context, cmd *urfave.Command, err error, _ bool) error {
		return misuse(cmd, "%s", explain(err))
	}
	return nil
}

// group returns the command that has the given ones below it, and does nothing by itself.
func group(name, summary string, below ...*urfave.Command) *urfave.Command {
	return &urfave.Command{Name: name, Usage: summary, Commands: below, Action: needsCommand}
}

// needsCommand is the action of a group: it runs where none of the group's commands is named.
func needsCommand(_ context.Context, cmd *urfave.Command) error {
	first := cmd.Args().First()
	if first == "help" {
		return showHelp(cmd, cmd.Args().Tail())
	}
	var names []string
	for _, sub := range cmd.VisibleCommands() {
		names = append(names, sub.Name)
	}
	reason := cmd.Name + " needs " + enumerate(names, "or")
	if first != "" {
		reason += fmt.Sprintf(", not %q", first)
	}
	return misuse(cmd, "%s", reason)
}

// insert adds a product's command below the groups that path names before its last word.
func insert(all []*urfave.Command, path []string, own *urfave.Command) []*urfave.Command {
	if len(path) < 2 {
		return append(all, own)
	}
	at := slices.IndexFunc(all, func(cmd *urfave.Command) bool { return cmd.Name == path[0] })
	if at < 0 {
		at, all = len(all), append(all, group(path[0], "commands of the product"))
	}
	all[at].Commands = insert(all[at].Commands, path[1:], own)
	return all
}

// action returns the action of a command that takes one argument for each of names. It
// reads .env first.
func (c console) action(run func(ctx context.Context, c console, cmd *urfave.Command) error, names ...string) urfave.ActionFunc {
	return func(ctx context.Context, cmd *urfave.Command) error {
		switch given := cmd.Args(); {
		case given.Len() < len(names):
			return misuse(cmd, "%s is missing", names[given.Len()])
		case given.Len() > len(names):
			return misuse(cmd, "%q isn't understood", given.Get(len(names)))
		}
		if err := loadDotEnv(c); err != nil {
			return err
		}
		return run(domain.WithRequestInfo(ctx, domain.RequestInfo{ID: rand.Text()}), c, cmd)
	}
}

// showHelp prints the help of the command that path names below cmd.
func showHelp(cmd *urfave.Command, path []string) error {
	for _, name := range path {
		next := cmd.Command(name)
		if next == nil {
			return misuse(cmd, "there is no command %q", name)
		}
		cmd = next
	}
	printHelp(cmd)
	return nil
}

// enumerate joins words with commas, and the last one with conjunction.
func enumerate(words []string, conjunction string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
