package embeddedpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/partywall-go/partywall/ports"
)

// Checks describes the checks of [Examine].
func Checks() []ports.CheckInfo { return ports.Describe(checks(Config{})) }

// Examine checks the server on config's data folder, if one is running. It starts and
// creates nothing.
func Examine(ctx context.Context, config Config) []ports.Finding {
	return ports.Examine(ctx, checks(config))
}

func checks(config Config) []ports.Check {
	return []ports.Check{{
		Name:  "private-database",
		About: "the private PostgreSQL, if it is running, accepts connections and has the installed version",
		Look:  config.examine,
	}}
}

func (config Config) examine(ctx context.Context) (ports.Finding, error) {
	if _, err := os.Stat(config.DataDir); errors.Is(err, os.ErrNotExist) {
		return ports.Fine("no private PostgreSQL exists yet"), nil
	}
	c, err := locate(config.DataDir)
	if err != nil {
		return ports.Finding{}, err
	}
	processes := c.processes()
	if len(processes) == 0 || !processes[0].isPostmaster {
		return ports.Fine("the private PostgreSQL is not running"), nil
	}
	running, err := c.runningVersion(ctx)
	if err != nil {
		return ports.Fail(fmt.Sprintf("the private PostgreSQL is running, but accepts no connection: %v", err),
			"restart the program that serves on "+c.home+"; the reason is in its log, "+c.logFile()), nil
	}
	if err := c.findServer(ctx, config.BinDir); err != nil {
		return ports.Fail(fmt.Sprintf("the private PostgreSQL is %s, but its programs were removed: %v", running, err), "install that version again"), nil
	}
	if installed := versionOf(c.version); installed != running {
		return ports.Warn(fmt.Sprintf("the private PostgreSQL is %s, but %s is installed: new connections may fail", running, installed),
			"wait some seconds for the program that serves on "+c.home+" to restart it, or restart that program"), nil
	}
	return ports.Fine("the private PostgreSQL is " + running + ", as installed"), nil
}

// runningVersion asks the running server for its version.
func (c *cluster) runningVersion(ctx context.Context) (version string, err error) {
	known, err := readAccess(c.passFile())
	if err != nil {
		return "", err
	}
	err = known.use(func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SHOW server_version").Scan(&version)
	})
	if err != nil {
		return "", errors.New(strings.Join(strings.Fields(err.Error()), " "))
	}
	return version, nil
}
