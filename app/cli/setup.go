package cli

import (
	"context"
	"flag"
	"time"

	"github.com/partywall-go/partywall/app"
)

func setup(ctx context.Context, c console, args []string) error {
	flags := flag.NewFlagSet("setup", flag.ContinueOnError)
	patience := flags.Duration("patience", time.Minute, "how long to try again what waits for a lock")
	newInstallation := flags.Bool("new-installation", false, "")
	if _, err := parseFlags(flags, args); err != nil {
		return err
	}
	if *patience < time.Millisecond {
		return misuseError{"--patience is a time of at least 1ms, such as 30s"}
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	cfg.Database.MigrationPatience = *patience
	run := app.Setup
	if *newInstallation {
		run = app.SetupCopy
	}
	if err := run(ctx, cfg, func(line string) { c.printf("%s\n", line) }); err != nil {
		return aboutDataDir(cfg, err)
	}
	c.printf("all is set up\n")
	return nil
}
