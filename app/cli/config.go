package cli

import (
	"context"
	"flag"
	"io"
	"runtime/debug"

	"github.com/partywall-go/partywall/app"
)

// config reads the configuration of the program, and writes log lines to logs.
func (c console) config(logs io.Writer) (app.Config, error) {
	cfg, err := app.ConfigFromEnv(logs)
	if err != nil {
		return cfg, err
	}
	return c.program.configure(cfg), nil
}

// quietConfig reads the configuration of a command that reports its work itself. Only
// servers log.
func (c console) quietConfig() (app.Config, error) {
	cfg, err := c.config(io.Discard)
	cfg.Logger = nil
	return cfg, err
}

// showConfig prints lines for a .env file, with secrets masked, then the mistakes in them.
func showConfig(_ context.Context, c console, args []string) error {
	if _, err := parseFlags(flag.NewFlagSet("config", flag.ContinueOnError), args); err != nil {
		return err
	}
	variables, err := app.Variables()
	if err != nil {
		return err
	}
	for _, v := range variables {
		if v.Empty != "" {
			c.printf("# %s is empty: %s\n", v.Name, v.Empty)
		}
		c.printf("%s=%s\n", v.Name, v.Value)
	}
	_, err = app.ConfigFromEnv(c.err)
	return err
}

func showVersion(_ context.Context, c console, args []string) error {
	if _, err := parseFlags(flag.NewFlagSet("version", flag.ContinueOnError), args); err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		c.printf("%s (unknown)\n", c.program.Name)
		return nil
	}
	c.printf("%s %s%s %s\n", c.program.Name, info.Main.Version, embedded(info), info.GoVersion)
	return nil
}

// embedded returns the version of Partywall in a product's program.
func embedded(info *debug.BuildInfo) string {
	for _, module := range info.Deps {
		if module.Path == "github.com/partywall-go/partywall" {
			return " with partywall " + module.Version
		}
	}
	return ""
}
