package main

import (
	"context"
	"flag"
	"runtime/debug"

	"github.com/partywall-go/partywall/app"
)

// quietConfig reads the configuration of a command that says what it did by itself:
// the log is for servers.
func quietConfig(c console) (app.Config, error) {
	cfg, err := app.ConfigFromEnv(c.err)
	cfg.Logger = nil
	return cfg, err
}

// showConfig prints lines for a .env file, secrets masked, then what is wrong with them.
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
	version, goVersion := "(unknown)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	c.printf("partywall %s %s\n", version, goVersion)
	return nil
}
