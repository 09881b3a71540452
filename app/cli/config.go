package cli

import (
	"context"
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
// servers log, the events of commands among all others.
func (c console) quietConfig() (app.Config, error) {
	cfg, err := c.config(io.Discard)
	cfg.Logger = nil
	return cfg, err
}

func configCommand() command {
	return command{
		name:    "config",
		summary: "show the configuration in force, secrets masked",
		details: "It prints a .env file, and above each empty variable what is in force instead. A variable of the\n" +
			"environment wins over the same one in .env.",
		flags: []option{jsonFlag()},
		run:   showConfig,
	}
}

// showConfig prints lines for a .env file, with secrets masked, then the mistakes in them.
func showConfig(_ context.Context, c console, cmd invocation) error {
	variables, err := app.Variables()
	if err != nil {
		return err
	}
	for _, v := range variables {
		text := v.Name + "=" + v.Value
		if v.Empty != "" {
			text = "# " + v.Name + " is empty: " + v.Empty + "\n" + text
		}
		if err := c.result(cmd, variableObject{v.Name, v.Value, v.Empty}, "%s", text); err != nil {
			return err
		}
	}
	_, err = app.ConfigFromEnv(c.err)
	return err
}

type variableObject struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	InForce string `json:"inForce,omitempty"` // where the value is empty
}

func versionCommand() command {
	return command{name: "version", summary: "show the version", flags: []option{jsonFlag()}, run: showVersion}
}

type versionObject struct {
	Program   string `json:"program"`
	Version   string `json:"version"`
	Partywall string `json:"partywall"`
	Go        string `json:"go"`
}

func showVersion(_ context.Context, c console, cmd invocation) error {
	v := versionObject{Program: c.program.Name, Version: "(unknown)"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version, v.Partywall, v.Go = info.Main.Version, partywallVersion(info), info.GoVersion
	}
	with := ""
	if v.Partywall != v.Version {
		with = " with partywall " + v.Partywall
	}
	return c.result(cmd, v, "%s %s%s %s", v.Program, v.Version, with, v.Go)
}

// partywallVersion returns the version of Partywall in the program, which may be a
// product's.
func partywallVersion(info *debug.BuildInfo) string {
	for _, module := range info.Deps {
		if module.Path == "github.com/partywall-go/partywall" {
			return module.Version
		}
	}
	return info.Main.Version
}
