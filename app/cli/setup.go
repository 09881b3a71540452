package cli

import (
	"context"
	"flag"

	"github.com/partywall-go/partywall/app"
)

func setup(ctx context.Context, c console, args []string) error {
	if _, err := parseFlags(flag.NewFlagSet("setup", flag.ContinueOnError), args); err != nil {
		return err
	}
	cfg, err := c.quietConfig()
	if err != nil {
		return err
	}
	if err := app.Setup(ctx, cfg, func(line string) { c.printf("%s\n", line) }); err != nil {
		return aboutDataDir(cfg, err)
	}
	c.printf("all is set up\n")
	return nil
}
